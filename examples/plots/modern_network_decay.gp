# Ten layers of sigmoid units: how fast the gradient really falls, and to what that is due.
width = 940; height = 540
load 'picture.gp'

demo = directory . '/demo.csv'
powers = directory . '/decay.csv'
set title 'Ten layers of sigmoid units, weights 0.01 N(0, 1): most of the loss is the weights' font ',17'
set xlabel 'layer, counted from the input'
set ylabel 'mean |dL/dz|'
set xrange [0.5:10.5]; set xtics 1
set logscale y; set format y '10^{%T}'; set yrange [1e-17:30]; set ytics 1e2
set key bottom right reverse Left samplen 4
# A power of a share belongs to the layer so many steps from the output.
back(n) = 11 - n
plot powers skip 1 using (back($1)):2 with lines lw 2 dt (2, 4) lc rgb '#999999' title '0.2 a layer (the article''s table)', \
    powers skip 1 using (back($1)):3 with lines lw 2 dt (10, 5) lc rgb '#555555' title '0.25 a layer: the derivative alone', \
    powers skip 1 using (back($1)):($4 * 10) with lines lw 2 dt (10, 4, 2, 4) lc rgb '#000000' title '0.025 a layer: with 0.1 for the weights', \
    demo skip 1 using 1:3 with linespoints lw 2.4 pt 7 ps 1 lc rgb '#0d0887' title 'measured, f ''(z)', \
    demo skip 1 using 1:2 with linespoints lw 2.4 dt (6, 4) pt 5 ps 1 lc rgb '#cc4778' title 'measured, as the article has it: f ''(a)'
