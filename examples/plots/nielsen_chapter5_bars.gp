# The first six neurons of both hidden layers of 784-30-30-10, each with a bar for how fast its bias
# begins to learn: after the book's neuron bars. Data: bars.csv.
width = 760
height = 430
load 'picture.gp'
file = directory . '/bars.csv'
set title "784–30–30–10 before training: ∂C/∂b of the first six neurons of each hidden layer"
unset border
unset tics
unset grid
set key at screen 0.5, 0.03 center bottom horizontal samplen 2 width 2
# The longest bar is as long as `reach`; a column of neurons stands at at(layer).
most = 0.0
longest(x) = (most = abs(x) > most ? abs(x) : most, x)
set table $null
plot file skip 1 using (longest($3)) with table
unset table
most = most > 0 ? most : 1
reach = 2.3
at(layer) = 4.1 * (layer - 1)
from(layer) = at(layer) + 0.4
to(layer, x) = from(layer) + reach * abs(x) / most
set xrange [-0.5:7.9]
set yrange [-0.2:6.9]
set style fill solid 1.0 border lc rgb '#333333'
set label 1 'hidden layer 1' at at(1) - 0.35, 6.4 left
set label 2 'hidden layer 2' at at(2) - 0.35, 6.4 left
plot file skip 1 using (at($1)):(6.5 - $2):(0.28) with circles fs empty border lc rgb '#777777' notitle, \
     file skip 1 using (at($1)):(6.5 - $2):(sprintf('%d', $2)) with labels tc rgb '#555555' notitle, \
     file skip 1 using ($3 > 0 ? from($1) : NaN):(6.5 - $2):(from($1)):(to($1, $3)):(6.28 - $2):(6.72 - $2) with boxxyerror fc rgb '#3b2b8f' title 'positive', \
     file skip 1 using ($3 > 0 ? NaN : from($1)):(6.5 - $2):(from($1)):(to($1, $3)):(6.28 - $2):(6.72 - $2) with boxxyerror fc rgb '#f8c8a0' title 'negative', \
     file skip 1 using (to($1, $3) + 0.1):(6.5 - $2):(sprintf('%.4f', $3)) with labels left font ',11' tc rgb '#333333' notitle
