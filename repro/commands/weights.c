#include "repro/commands/weights.h"

#include "core/net/init.h"

enum c4_status c4_weights_read(const struct c4_args *args, const struct c4_engine *engine,
                               struct c4_checkpoint *net, FILE *messages) {
    const char *init = c4_arg_text(args, "init");
    if (!init) {
        c4_net_init((uint64_t)c4_arg_integer(args, "seed"), net->state);
        return C4_OK;
    }
    C4_TRY(c4_checkpoint_read(init, net));
    if (net->has_order && net->order != engine->order)
        return c4_fail(C4_ERR_USAGE, "%s was trained with --order %s; give that option", init,
                       c4_order_names[net->order]);
    if (!engine->dispatch.backend.is_double) C4_TRY(c4_checkpoint_fits_float(init, net));
    if (net->sum == C4_SUM_WRONG)
        fprintf(messages, "%s: was changed or damaged since conv4 wrote it (its SHA-256 differs)\n",
                init);
    return C4_OK;
}
