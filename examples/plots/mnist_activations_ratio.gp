# How many times larger the last layer's mean |dL/dW| is than the first one's.
width = 800; height = 460
load 'picture.gp'
set datafile missing NaN
table = directory . '/looks.csv'
of(run, value) = stringcolumn(1) eq run ? value : NaN
stats table skip 1 using 2 nooutput
last = STATS_max > 0 ? STATS_max : 1
stats table skip 1 using ($5 > 0 ? log10($10 / $5) : NaN) nooutput
set title 'Mean |dL/dW| of layer 6 divided by that of layer 1' font ',17'
set xlabel 'iteration'; set ylabel 'layer 6 / layer 1'
set logscale y; set format y '%g'
set xrange [0:last]; set yrange [10**(STATS_min < 0 ? floor(STATS_min) : 0):10**(STATS_max > 2 ? ceil(STATS_max) : 2)]
set xtics last / 6.0; set format x '%.0f'
set key top right reverse Left samplen 3 spacing 1.2
set lmargin 9; set rmargin 15
set arrow 1 from graph 0, first 30 to graph 1, first 30 nohead dt 3 lw 1.2 lc rgb '#777777'
set arrow 2 from graph 0, first 6 to graph 1, first 6 nohead dt 3 lw 1.2 lc rgb '#777777'
set label 1 "the article's 30,\nsigmoid" at graph 1, first 30 offset 1, 0.3 textcolor rgb '#555555'
set label 2 "the article's 6,\nleaky ReLU" at graph 1, first 6 offset 1, 0.3 textcolor rgb '#555555'
plot table skip 1 using 2:(of('sigmoid', $10 / $5)) with linespoints lw 2.4 pt 7 ps 0.8 lc rgb '#0d0887' title 'sigmoid', \
     table skip 1 using 2:(of('relu', $10 / $5)) with linespoints lw 2 dt (8, 4) pt 4 ps 0.9 lc rgb '#cc4778' title 'ReLU', \
     table skip 1 using 2:(of('leaky_relu', $10 / $5)) with linespoints lw 2 dt (2, 3) pt 8 ps 1 lc rgb '#e08a2a' title 'leaky ReLU'
