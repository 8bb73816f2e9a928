/* Runs the kernel on texts from standard input, each in memory of exactly its size: compiled with the address
 * sanitizer, it ends with an error if a byte before or behind is touched. A text is preceded by its length and by
 * whether it is JSON, in 8 bytes each. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int64_t fold(const uint8_t *, int64_t, int64_t, const uint32_t *, const uint8_t *, uint8_t *, int64_t *);
int64_t markup(const uint8_t *, int64_t, int64_t, const int64_t *, int64_t, uint8_t *, int64_t *);

enum { CODE_POINTS = 0x110000, FIELDS = 3 };

static uint32_t table[CODE_POINTS];
static uint8_t encoded[256];

static void *exactly(int64_t count, size_t size)
{
    void *memory = malloc((size_t)count * size);
    if (!memory && count)
        exit(2);
    return memory;
}

/* Look for markup at `count` places, and end with an error if what is found cannot be. */
static void find(const uint8_t *source, int64_t size, int64_t escaped, const int64_t *marks, int64_t count,
                 uint8_t *folded)
{
    int64_t *pieces = exactly(count * FIELDS, sizeof *pieces);
    int64_t found = markup(source, size, escaped, marks, count, folded, pieces), before = -1;
    for (int64_t *piece = pieces; piece < pieces + found * FIELDS; piece += FIELDS) {
        if (piece[0] <= before || piece[1] <= piece[0] || piece[1] > size)
            exit(3);
        before = piece[0];
    }
    free(pieces);
}

int main(void)
{
    int64_t header[2];
    for (uint32_t code = 0; code < CODE_POINTS; code++)
        table[code] = code;
    for (int byte = 0; byte < 256; byte++)
        encoded[byte] = (uint8_t)byte;
    while (fread(header, sizeof header, 1, stdin)) {
        int64_t size = header[0];
        uint8_t *source = exactly(size, 1), *folded = exactly(size, 1);
        int64_t *marks = exactly(size, sizeof *marks), count;
        if (fread(source, 1, (size_t)size, stdin) != (size_t)size)
            return 4;
        count = fold(source, size, header[1], table, encoded, folded, marks);
        find(source, size, header[1], marks, count, folded);
        for (count = 0; count < size; count++) /* each byte as if it were a mark */
            marks[count] = count;
        find(source, size, header[1], marks, count, folded);
        free(source);
        free(folded);
        free(marks);
    }
    return 0;
}
