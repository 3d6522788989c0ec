/* From a CSV file to a network that tells classes apart, tested on rows that it has not seen:
       table FILE CLASS_COLUMN */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <vgrad/vgrad.h>

#define CHECK(call) ((call) < 0 ? (fprintf(stderr, "%s\n", vgrad_last_error()), exit(1)) : (void)0)

/* Class numbers go from 0 up, so there is one more than the largest. */
static int64_t count_classes(const vgrad_dataset *table)
{
    double class, largest = 1;
    for (int64_t row = 0; row < vgrad_dataset_rows(table); row++) {
        CHECK(vgrad_dataset_read(table, row, 1, NULL, &class, VGRAD_FLOAT64));
        largest = class > largest ? class : largest;
    }
    return (int64_t)largest + 1;
}

int main(int argc, char **argv)
{
    vgrad_dataset *table, *train, *test;
    vgrad_network *net;
    vgrad_optimizer *adam;
    vgrad_trainer *run;
    double loss, accuracy;
    if (argc != 3)
        return fprintf(stderr, "usage: %s FILE CLASS_COLUMN\n", argv[0]), 2;
    CHECK(vgrad_dataset_csv(&table, argv[1], argv[2], NULL));
    int64_t classes = count_classes(table), rows = vgrad_dataset_rows(table);
    /* Four rows of five to train on, chosen at random; scaled by what these are like. */
    CHECK(vgrad_dataset_split(&train, &test, table, rows * 4 / 5, 1));
    CHECK(vgrad_dataset_standardize(train));
    CHECK(vgrad_dataset_scale_as(test, train));

    CHECK(vgrad_network_create(&net, NULL));
    vgrad_layer *hidden =
        vgrad_dense(vgrad_input(net, vgrad_dataset_x_width(table)), 16, VGRAD_RELU);
    CHECK(vgrad_network_build(net, vgrad_dense(hidden, classes, VGRAD_SOFTMAX)));
    CHECK(vgrad_optimizer_create(&adam, net, VGRAD_ADAM, 0.01));
    CHECK(vgrad_trainer_create(&run, net, VGRAD_LOSS_CROSSENTROPY, adam));
    CHECK(vgrad_trainer_fit(run, train, 50));
    CHECK(vgrad_trainer_evaluate(run, test, &loss, &accuracy));
    printf("%d rows it has not seen: loss %.3f, accuracy %.3f\n", (int)vgrad_dataset_rows(test),
           loss, accuracy);

    vgrad_trainer_destroy(run);
    vgrad_optimizer_destroy(adam);
    vgrad_network_destroy(net);
    vgrad_dataset_destroy(test);
    vgrad_dataset_destroy(train);
    vgrad_dataset_destroy(table);
    return 0;
}
