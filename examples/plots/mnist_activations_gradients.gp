# Mean |dL/dW| of six layers over the iterations, a panel for each activation.
width = 1050; height = 420
load 'picture.gp'
load 'mnist_activations_runs.gp'
set datafile missing NaN
table = directory . '/looks.csv'
of(run, value) = stringcolumn(1) eq run ? value : NaN
low = 0; high = -20; last = 1
do for [i = 5:10] {
    stats table skip 1 using (column(i) > 0 ? log10(column(i)) : NaN) nooutput
    low = STATS_min < low ? STATS_min : low
    high = STATS_max > high ? STATS_max : high
}
stats table skip 1 using 2 nooutput
last = STATS_max > 0 ? STATS_max : 1
set multiplot layout 1, 3 title 'Mean |dL/dW| of each layer, after the update of the same batch' font ',17' \
    margins screen 0.08, screen 0.97, screen 0.16, screen 0.75 spacing screen 0.03, screen 0.1
set key at screen 0.53, screen 0.885 center vertical maxrows 1 reverse Left samplen 2.5
set xrange [0:last]; set yrange [10**floor(low):10**ceil(high)]
set logscale y; set format y '10^{%T}'; set xtics last / 4.0; set format x '%.0f'
set xlabel 'iteration'; set ylabel 'mean |dL/dW|'
do for [i = 1:words(runs)] {
    set title say(word(runs, i)) offset 0, -0.5
    if (i > 1) { unset key; unset ylabel; set format y '' }
    plot for [layer = 1:6] table skip 1 using 2:(of(word(runs, i), column(4 + layer))) with linespoints \
        lw layer == 1 ? 3 : 1.7 dt 1 pt layer + 3 ps 0.6 lc rgb color(layer, 6) title sprintf('layer %d', layer)
}
unset multiplot
