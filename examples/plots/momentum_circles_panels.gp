# What the three pictures of momentum_circles share: a panel for each of `runs`, three to a line, with
# room for a title and a key above them. `what` is the title; the axes are the picture's own.
n = words(runs)
columns = n < 3 ? n : 3
lines = (n + columns - 1) / columns
width = 60 + 350 * columns; height = 120 + 255 * lines
load 'picture.gp'
set datafile missing NaN
set multiplot layout lines, columns title what font ',17' \
    margins screen 80.0 / width, screen 1 - 25.0 / width, screen 65.0 / height, screen 1 - 105.0 / height \
    spacing screen 75.0 / width, screen 90.0 / height
set key at screen 0.5, screen 1 - 52.0 / height center vertical maxrows 1 reverse Left samplen 2.5
# Where a panel stands below, its title has the place of the label.
label(i, text) = i + columns <= n ? '' : text
