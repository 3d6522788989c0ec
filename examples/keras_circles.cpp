// keras_circles.c without its pictures, straight on the C API, in C++17.
// SPDX-License-Identifier: MIT
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

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

static vgrad_status check(vgrad_status st)
{
    if (st < 0)
        throw std::runtime_error(vgrad_last_error());
    return st;
}

template <class Handle, class Create, class... Args> Handle make(Create create, Args... args)
{
    typename Handle::pointer p = nullptr;
    check(create(&p, args...));
    return Handle(p);
}

struct entry {
    std::string name;
    double mean, std;
};
using history = std::vector<std::vector<entry>>;

static void record(history &h, const vgrad_network *net, vgrad_role role)
{
    auto &row = h.emplace_back();
    for (int i = 0; auto t = vgrad_network_tensor(net, role, i); i++)
        row.push_back(
            { t->name, vgrad_tensor_stat(t, VGRAD_MEAN), vgrad_tensor_stat(t, VGRAD_STD) });
}

static network make_mlp(vgrad_activation activation)
{
    auto net = make<network>(vgrad_network_create, nullptr);
    vgrad_network_set_seed(net.get(), 1);
    vgrad_network_set_initializer(net.get(), VGRAD_KERNEL, VGRAD_INIT_NORMAL, 0, 1);
    auto h = vgrad_input(net.get(), 2);
    for (int i = 0; i < 4; i++)
        h = vgrad_dense(h, 5, activation);
    check(vgrad_network_build(net.get(), vgrad_dense(h, 1, VGRAD_SIGMOID)));
    return net;
}

static void experiment(vgrad_dataset *data, vgrad_activation activation)
{
    for (bool by_hand : { false, true }) {
        auto net = make_mlp(activation);
        auto rmsprop = make<optimizer>(vgrad_optimizer_create, net.get(), VGRAD_RMSPROP, 0.001);
        auto run = make<trainer>(vgrad_trainer_create, net.get(), VGRAD_LOSS_BINARY_CROSSENTROPY,
                                 rmsprop.get());
        history h;
        if (by_hand) {
            const vgrad_tensor *x, *y;
            double loss;
            while (check(vgrad_trainer_next(run.get(), data, 100, &x, &y)) == VGRAD_OK) {
                vgrad_trainer_forward(run.get(), x);
                vgrad_trainer_loss(run.get(), y, &loss);
                vgrad_trainer_backward(run.get());
                if (vgrad_trainer_batch(run.get()) == 0)
                    record(h, net.get(), VGRAD_KERNEL_GRADIENT);
                vgrad_trainer_step(run.get());
            }
        } else {
            auto capture = [](const vgrad_event *e, void *user) -> std::int32_t {
                record(*static_cast<history *>(user), e->network, VGRAD_KERNEL);
                return 0;
            };
            check(vgrad_trainer_on(run.get(), VGRAD_TRAIN_BEGIN | VGRAD_EPOCH_END, 1, capture, &h));
            check(vgrad_trainer_fit(run.get(), data, 100));
        }
        double loss, accuracy;
        check(vgrad_trainer_evaluate(run.get(), data, &loss, &accuracy));
        const entry &first = h[0].front(), &last = h[0].back();
        std::printf("%s %s: loss %.4f, accuracy %.3f; "
                    "at the start the s.d. of %s is %.3g times that of %s\n",
                    vgrad_activation_name(activation), by_hand ? "gradients" : "weights", loss,
                    accuracy, last.name.c_str(), last.std / first.std, first.name.c_str());
    }
}

int main()
try {
    auto data = make<dataset>(vgrad_dataset_circles, 1000, 0.5, 0.1, 42, nullptr);
    for (auto activation : { VGRAD_SIGMOID, VGRAD_TANH, VGRAD_RELU })
        experiment(data.get(), activation);
} catch (const std::exception &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
