# Accuracy on the validation images after each epoch, all of it and its upper end. Data: accuracy.csv.
width = 900
height = 430
load 'picture.gp'
file = directory . '/accuracy.csv'
set multiplot layout 1, 2 title 'Validation accuracy: each hidden layer more begins later'
set xlabel 'epoch'
set ylabel 'accuracy'
set xrange [0:epochs > 0 ? epochs + 0.5 : 1]
set key right bottom samplen 3
titles = '784–30–10 784–30–30–10 784–30–30–30–10 784–30–30–30–30–10'
set title 'all of it' offset 0, -0.6
set yrange [0:1]
set format y '%.1f'
plot for [hidden = 1:deepest] file skip 1 using ($1 == hidden ? $2 : NaN):3 with linespoints \
     lw 2 pt (3 + 2 * hidden) ps 0.6 lc rgb color(hidden, 4) title word(titles, hidden)
set yrange [0.94:0.975]
set format y '%.3f'
set title 'from 0.94 on' offset 0, -0.6
unset key
replot
unset multiplot
