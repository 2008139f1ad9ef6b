#include "core/similarity/similarity.h"

#include <string.h>

#define C4_SIMILARITY(name) extern const struct c4_similarity c4_similarity_##name;
#define C4_QUANTITY(id, name)
#include "core/similarity/similarities.def"
#undef C4_SIMILARITY

const struct c4_similarity *const c4_similarities[C4_SIMILARITIES] = {
#define C4_SIMILARITY(name) [C4_SIMILARITY_##name] = &c4_similarity_##name,
#include "core/similarity/similarities.def"
#undef C4_SIMILARITY
#undef C4_QUANTITY
};

bool c4_is_similarity(const char *quantity, enum c4_similarity_id *id) {
    for (int i = 0; i < C4_SIMILARITIES; i++)
        for (const char *const *q = c4_similarities[i]->quantity; *q; q++) {
            if (strcmp(*q, quantity) != 0) continue;
            if (id) *id = (enum c4_similarity_id)i;
            return true;
        }
    return false;
}
