// What a user writes in C++17: handles in unique_ptr, a lambda as the callback.
// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vgrad/vgrad.h>

template <auto Destroy> struct deleter {
    template <class T> void operator()(T *handle) const
    {
        Destroy(handle);
    }
};
using dataset = std::unique_ptr<vgrad_dataset, deleter<vgrad_dataset_destroy>>;
using network = std::unique_ptr<vgrad_network, deleter<vgrad_network_destroy>>;
using optimizer = std::unique_ptr<vgrad_optimizer, deleter<vgrad_optimizer_destroy>>;
using trainer = std::unique_ptr<vgrad_trainer, deleter<vgrad_trainer_destroy>>;

static void check(vgrad_status status)
{
    if (status < 0)
        throw std::runtime_error(vgrad_last_error());
}

template <class Handle, class Create, class... Args> Handle make(Create create, Args... args)
{
    typename Handle::pointer made = nullptr;
    check(create(&made, args...));
    return Handle(made);
}

struct seen {
    int batches, epochs, bad;
};

static std::int32_t on_event(const vgrad_event *event, void *user)
{
    auto &seen = *static_cast<struct seen *>(user);
    bool ready = event->kind == VGRAD_GRADIENTS_READY;
    ++(ready ? seen.batches : seen.epochs);
    auto role = ready ? VGRAD_KERNEL_GRADIENT : VGRAD_KERNEL_EPOCH_GRADIENT;
    int layers = 0;
    while (auto gradient = vgrad_network_tensor(event->network, role, layers)) {
        double norm = vgrad_tensor_stat(gradient, VGRAD_L2);
        seen.bad += !(std::isfinite(norm) && norm > 0);
        layers++;
    }
    seen.bad += layers != 2;
    return 0;
}

int main()
try {
    seen seen = {};
    auto data = make<dataset>(vgrad_dataset_circles, 100, 0.5, 0.1, 42, nullptr);
    auto net = make<network>(vgrad_network_create, nullptr);
    check(vgrad_network_keep(net.get(), VGRAD_KEEP_EPOCH_GRADIENT));
    auto hidden = vgrad_dense(vgrad_input(net.get(), 2), 5, VGRAD_TANH);
    check(vgrad_network_build(net.get(), vgrad_dense(hidden, 1, VGRAD_SIGMOID)));
    auto adam = make<optimizer>(vgrad_optimizer_create, net.get(), VGRAD_ADAM, 0.01);
    auto run =
        make<trainer>(vgrad_trainer_create, net.get(), VGRAD_LOSS_BINARY_CROSSENTROPY, adam.get());
    check(vgrad_trainer_on(run.get(), VGRAD_GRADIENTS_READY | VGRAD_EPOCH_END, 1, on_event, &seen));
    check(vgrad_trainer_fit(run.get(), data.get(), 3));
    std::printf("%d batches, %d epochs, %d bad gradients\n", seen.batches, seen.epochs, seen.bad);
    return seen.batches != 12 || seen.epochs != 3 || seen.bad;
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
