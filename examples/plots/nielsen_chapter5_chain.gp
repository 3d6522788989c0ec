# Four sigmoid neurons in a row: where on f' each of them stands, and what of the gradient comes to
# its bias. Data: chain.csv.
width = 900
height = 430
load 'picture.gp'
file = directory . '/chain.csv'
set multiplot layout 1, 2 title 'Four sigmoid neurons in a row, w and b from N(0, 1)'
slope(z) = 1 / (2 + exp(z) + exp(-z))
set xlabel '{/:Italic z}' enhanced
set ylabel 'σ′({/:Italic z})' enhanced
set title 'σ′ is never above 1/4'
set xrange [-5:5]
set yrange [0:0.3]
set samples 400
unset key
plot slope(x) with lines lw 2.4 lc rgb '#3b2b8f', 0.25 with lines dt 3 lc rgb '#888888', \
     file skip 1 using 3:(0):(0):(slope($3)) with vectors nohead dt 2 lc rgb '#c0392b', \
     file skip 1 using 3:4 with points pt 7 ps 1 lc rgb '#c0392b', \
     file skip 1 using ($3 + ($3 < 0 ? -0.25 : 0.25)):($4 + 0.01):(sprintf('%d', $1)) with labels tc rgb '#c0392b'
set title '|dC/db|, from the last neuron back to the first'
set xlabel 'neuron'
set ylabel '|dC/db|'
set xrange [-0.1:4.4]
set xtics 1, 1, 4
set logscale y
set format y '10^{%T}'
set yrange [*:*]
plot file skip 1 using 1:(abs($5)) with linespoints lw 2.4 pt 7 ps 1 lc rgb '#3b2b8f', \
     file skip 1 using 1:(abs($5)):(sprintf('w_%d = %.2f', $1, $2)) with labels enhanced offset -0.8, 0.6 right font ',12'
unset multiplot
