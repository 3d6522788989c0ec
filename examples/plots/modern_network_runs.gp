# How each network is called and drawn in the pictures of modern_network.
say(name) = name eq 'sigmoid' ? "sigmoid, PyTorch's default" : name eq 'relu_he' ? 'ReLU, He' : \
    name eq 'relu' ? "ReLU, PyTorch's default" : name eq 'sigmoid_he' ? 'sigmoid, He' : \
    name eq 'modern' ? 'all of it' : name eq 'modern_no_clip' ? 'no clipping' : \
    name eq 'modern_no_skip' ? 'no skip connections' : \
    name eq 'modern_no_bn' ? 'no batch normalization' : 'convolutions'
# First, second, third, fourth or fifth of its part.
place(name) = name eq 'sigmoid' || name eq 'modern' ? 1 : name eq 'sigmoid_he' || name eq 'modern_no_clip' ? 2 : \
    name eq 'relu' || name eq 'modern_no_skip' ? 3 : name eq 'relu_he' || name eq 'modern_no_bn' ? 4 : 5
shade(name) = place(name) == 1 ? 0x0d0887 : place(name) == 2 ? 0x7e03a8 : place(name) == 3 ? 0xcc4778 : \
    place(name) == 4 ? 0xc98a1c : 0x444444
mark(name) = place(name) == 1 ? 7 : place(name) == 2 ? 9 : place(name) == 3 ? 11 : 5
set linetype 1 dt 1
set linetype 2 dt (3, 3)
set linetype 3 dt (8, 3)
set linetype 4 dt (14, 3, 3, 3)
set linetype 5 dt (5, 3)
