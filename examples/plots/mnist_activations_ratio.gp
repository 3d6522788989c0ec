# How many times larger the last layer's mean |dL/dW| is than the first one's.
width = 800; height = 460
load 'picture.gp'
load 'mnist_activations_runs.gp'
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
plot for [run in runs] table skip 1 using 2:(of(run, $10 / $5)) with linespoints lt place(run) title say(run)
