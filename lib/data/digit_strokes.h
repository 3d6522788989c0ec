/* How people write the ten digits: the points that the pen passes, in each of several ways. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_DATA_DIGIT_STROKES_H
#define VGRAD_DATA_DIGIT_STROKES_H

#include <stdint.h>

enum { WAYS_MAX = 4, STROKES_MAX = 3, POINTS_MAX = 11 };

/* One way to write a digit. A point is the number 100 x + y, with x to the right and y downwards,
   each from 1 to 99: 5405 is x = 54, y = 5. The pen goes smoothly through the points of a stroke;
   where it turns sharply, one stroke ends and another begins. */
typedef struct way {
    int percent; /* of those who write this digit; those of a digit make 100 */
    uint16_t strokes[STROKES_MAX][POINTS_MAX]; /* each up to its first 0 */
} way;

static const way ways[10][WAYS_MAX] = {
    [0] = { { 70, { { 5405, 3218, 2250, 3284, 5496, 7482, 8148, 7217, 5204 } } },
            /* the end runs past the beginning */
            { 30, { { 6212, 4010, 2434, 2472, 4696, 7284, 8050, 6816, 4604, 3414 } } } },
    [1] = { { 76, { { 5004, 5036, 5066, 5097 } } },
            /* with a serif */
            { 16, { { 3026, 4216, 5204 }, { 5204, 5236, 5166, 5097 } } },
            /* and a foot */
            { 8, { { 3224, 4216, 5204 }, { 5204, 5236, 5166, 5096 }, { 2696, 5096, 7695 } } } },
    [2] = { { 60, { { 2024, 3407, 5805, 7224, 6052, 4076, 2094 }, { 2094, 5092, 8491 } } },
            /* with a loop */
            { 40, { { 2022, 3606, 6006, 7028, 5462, 3090, 1490, 1876, 3676, 5890, 8494 } } } },
    [3] = { { 60, { { 2214, 4603, 7014, 6636, 4047 }, { 4047, 6854, 7676, 5497, 1888 } } },
            /* with a flat top */
            { 22,
              { { 2206, 4806, 7405 }, { 7405, 6024, 4242 }, { 4242, 7052, 7676, 5297, 1888 } } },
            /* in one go, with a loop in the middle */
            { 18, { { 2216, 4603, 7016, 6240, 4250, 4044, 6050, 7472, 5696, 1888 } } } },
    [4] = { { 55, { { 2608, 2230, 1654 }, { 1654, 5054, 8448 }, { 7006, 6650, 6097 } } },
            /* round and open, the pen never lifted */
            { 25, { { 2206, 1834, 3452, 6046, 7608 }, { 7608, 7150, 6497 } } },
            /* closed */
            { 20, { { 6405, 3836, 1265 }, { 1265, 5064, 8861 }, { 6405, 6450, 6297 } } } },
    [5] = { { 60,
              { { 3606, 3226, 2646 },
                { 2646, 5440, 7658, 6886, 4297, 1686 },
                { 3606, 5806, 8404 } } },
            /* round, like an S */
            { 40, { { 8205, 5607, 3418, 3438, 5848, 7466, 6490, 4097, 1688 } } } },
    [6] = { { 60, { { 6804, 4222, 2456, 3088, 5496, 7278, 6258, 4260, 2876 } } },
            /* a steep stem and a small bowl */
            { 40, { { 4804, 3432, 2666, 3694, 6092, 7074, 5464, 3476, 3288 } } } },
    [7] = { { 55, { { 1809, 5008, 8006 }, { 8006, 6436, 5266, 4497 } } },
            /* with a bar */
            { 18, { { 1809, 5008, 8006 }, { 8006, 6436, 5266, 4497 }, { 3453, 5651, 7848 } } },
            /* with a hook */
            { 15, { { 1824, 2009 }, { 2009, 5008, 8006 }, { 8006, 6436, 5266, 4497 } } },
            /* round */
            { 12, { { 2020, 4008, 6608, 7224, 6060, 5097 } } } },
    [8] = { { 75, { { 7018, 5004, 3016, 3838, 6260, 6884, 4697, 2682, 3858, 6038, 7216 } } },
            /* two circles */
            { 25, { { 5048, 3028, 5004, 7026, 5048 }, { 5048, 2672, 4897, 7474, 5048 } } } },
    [9] = { { 55, { { 7418, 5404, 3018, 2640, 4650, 6638, 7514 }, { 7514, 7056, 6097 } } },
            /* with a round tail */
            { 25, { { 7220, 5204, 3022, 3446, 5648, 7324 }, { 7324, 7462, 5694, 2690 } } },
            /* like a g that is open at its top */
            { 20, { { 6608, 4010, 2634, 4450, 6634, 7210, 6654, 5497 } } } },
};

#endif
