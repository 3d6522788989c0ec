# The same in mini-batches, by updates: what one of them says, the mean over an epoch, and the
# training on all images at once. Data: curves.csv, batches.csv, epoch_means.csv.
width = 1000
height = 460
load 'picture.gp'
full = directory . '/curves.csv'
mini = directory . '/batches.csv'
mean = directory . '/epoch_means.csv'
set multiplot layout 1, 3 title 'The same 1000 images in mini-batches of 10, a hundred updates an epoch'
set logscale xy
set format y '10^{%T}'
set format x '10^{%T}'
set xlabel 'updates + 1'
set xrange [1:curve_epochs > 0 ? 100 * curve_epochs : 10]
set yrange [1e-10:1]
set key left bottom samplen 2 spacing 1.1 reverse Left
last_color = '#c0392b'
first_color = '#1a237e'
names = '784–30–30–10 784–30–30–30–10 784–30–30–30–30–10'
do for [hidden = 2:deepest] {
    set title word(names, hidden - 1) offset 0, -0.6
    set ylabel hidden == 2 ? '‖δ‖ = L2 of dC/db' : ''
    plot mini skip 1 every 2 using ($1 == hidden ? $2 + 1 : NaN):(column(2 + hidden)) with lines lw 0.5 lc rgb '#f3b79a' notitle, \
         mini skip 1 every 2 using ($1 == hidden ? $2 + 1 : NaN):3 with lines lw 0.5 lc rgb '#aab4e8' notitle, \
         mean skip 1 using ($1 == hidden ? $2 - 49 : NaN):(column(2 + hidden)) with lines lw 1.2 dt 2 lc rgb last_color notitle, \
         mean skip 1 using ($1 == hidden ? $2 - 49 : NaN):3 with lines lw 1.2 dt 2 lc rgb first_color notitle, \
         full skip 1 every 2 using ($1 == hidden ? $2 + 1 : NaN):(column(2 + hidden)) with lines lw 2.6 lc rgb last_color title hidden == deepest ? 'last hidden layer' : '', \
         full skip 1 every 2 using ($1 == hidden ? $2 + 1 : NaN):3 with lines lw 2.6 lc rgb first_color title hidden == deepest ? 'first hidden layer' : '', \
         NaN with lines lw 2.6 lc rgb '#333333' title hidden == 2 ? 'all images at once' : '', \
         NaN with lines lw 1.2 dt 2 lc rgb '#333333' title hidden == 2 ? 'mean of an epoch' : '', \
         NaN with lines lw 0.8 lc rgb '#aaaaaa' title hidden == 2 ? 'one mini-batch' : ''
}
unset multiplot
