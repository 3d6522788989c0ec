# Norms of the bias gradient of every hidden layer, 2 to 4 of them, over the epochs, and how many
# times the last layer's is the first's. Data: curves.csv, every second row.
width = 900
height = 640
load 'picture.gp'
file = directory . '/curves.csv'
set multiplot layout 2, 2 title '1000 images, all at once, one update an epoch: how fast each layer learns'
set logscale y
set format y '10^{%T}'
set xlabel 'epoch'
set xrange [0:curve_epochs > 0 ? curve_epochs : 1]
set yrange [1e-6:1]
set key right top vertical maxrows 2 samplen 3 spacing 0.95
names = '784–30–30–10 784–30–30–30–10 784–30–30–30–30–10'
do for [hidden = 2:deepest] {
    set title word(names, hidden - 1) offset 0, -0.6
    set ylabel '‖δ‖ = L2 of dC/db'
    plot for [layer = 1:hidden] file skip 1 every 2 using ($1 == hidden ? $2 : NaN):(column(2 + layer)) with lines \
         lw 2 dt layer lc rgb color(layer, hidden) title sprintf('hidden %d', layer)
}
set title 'last hidden layer over the first' offset 0, -0.6
set key maxrows 3 samplen 2
set ylabel '‖δ‖ of last / ‖δ‖ of first'
set yrange [0.5:20000]
set format y '%g'
plot for [hidden = 2:deepest] file skip 1 every 2 using ($1 == hidden ? $2 : NaN):(column(2 + hidden) / column(3)) with lines \
     lw 2 dt hidden lc rgb color(hidden - 1, 3) title sprintf('%d hidden layers', hidden), \
     1 with lines lw 1 lc rgb '#888888' notitle
unset multiplot
