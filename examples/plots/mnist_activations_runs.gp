# How each network is called and drawn in the pictures of mnist_activations. `runs` names those that
# were looked at.
say(run) = run eq 'sigmoid' ? 'sigmoid' : run eq 'relu' ? 'ReLU' : 'leaky ReLU'
place(run) = run eq 'sigmoid' ? 1 : run eq 'relu' ? 2 : 3
set linetype 1 lw 2.4 dt 1 pt 7 ps 0.8 lc rgb '#0d0887'
set linetype 2 lw 2 dt (8, 4) pt 4 ps 0.9 lc rgb '#cc4778'
set linetype 3 lw 2 dt (2, 3) pt 8 ps 1 lc rgb '#e08a2a'
