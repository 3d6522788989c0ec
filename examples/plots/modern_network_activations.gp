# The three activations, their derivatives, and how a grid of 100 points misses the top of two.
width = 1280; height = 440
load 'picture.gp'

curves = directory . '/activations.csv'
points = directory . '/activations_grid.csv'
words = 'sigmoid tanh relu'
set linetype 1 lw 2.4 lc rgb '#0d0887' dt 1
set linetype 2 lw 2.4 lc rgb '#cc4778' dt (12, 5)
set linetype 3 lw 2.4 lc rgb '#c98a1c' dt (3, 4)
set xrange [-5:5]; set xtics 2.5
set xlabel 'z' offset 0, 0.4
set multiplot layout 1,3 title 'What an activation passes on, and what its derivative lets through' font ',19' \
    margins 0.05,0.985,0.14,0.83 spacing 0.06,0.1

set title 'a = f(z)'
set yrange [-1.2:3]; set key top left reverse Left samplen 3 width -2
plot for [i = 1:3] curves skip 1 using 1:(column(2 * i)) with lines lt i title word(words, i)

set title "f '(z): at most 0.25, 1 and 1"
set yrange [-0.06:1.2]; set key top left reverse Left samplen 3
set label 1 '0.25' at 1.35, 0.29 textcolor rgb '#0d0887'
plot for [i = 1:3] curves skip 1 using 1:(column(2 * i + 1)) with lines lt i notitle
unset label 1

set title "sigmoid's f ' near 0, and the article's grid"
set xrange [-0.35:0.35]; set xtics 0.1
set yrange [0.2425:0.2512]; set format y '%.3f'
set key bottom center reverse Left samplen 3
set label 2 'true: 0.25 at z = 0' at 0, 0.2506 center
set label 3 'on the grid: 0.24984' at 0, 0.2472 center
set label 4 'at z = ±0.0505' at 0, 0.2466 center
plot curves skip 1 using 1:3 with lines lt 1 title "f '(z)", \
    points skip 1 using 1:3 with points pt 7 ps 0.9 lc rgb '#333333' title 'linspace(-5, 5, 100)'
unset multiplot
