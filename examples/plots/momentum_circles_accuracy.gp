# A panel for each run: accuracy on both halves over the epochs. `runs` has their names.
what = 'Two circles, SGD with momentum: accuracy over the epochs'
load 'momentum_circles_panels.gp'
table = directory . '/accuracies.csv'
stats table skip 1 using 2 nooutput
last = STATS_max
thin = ceil(last / 250.0) # so many epochs to a point
of(run, value) = (stringcolumn(1) eq run && int($2) % thin == 0) ? value : NaN
set xrange [0:last]; set xtics last > 5 ? last / 5 : 1; set yrange [0.4:0.9]; set ytics 0.1; set format y '%.1f'
do for [i = 1:n] {
    if (i > 1) { unset key }
    set xlabel label(i, 'epochs of training')
    if ((i - 1) % columns == 0) { set ylabel 'accuracy' } else { unset ylabel }
    set title word(runs, i) noenhanced offset 0, -0.5
    plot table skip 1 using 2:(of(word(runs, i), $3)) with lines lw 2.2 lc rgb '#0d0887' title 'training half', \
         table skip 1 using 2:(of(word(runs, i), $4)) with lines lw 1.2 lc rgb '#f0904a' title 'test half'
}
unset multiplot
