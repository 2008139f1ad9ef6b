#include "repro/commands/topology_drawing.h"

#include <stdlib.h>
#include <string.h>

#include "core/file/json.h"
#include "core/host/placement.h"
#include "core/host/team.h"
#include "core/host/topology.h"

static json_t *pus_array(const struct c4_topology *t) {
    json_t *array = json_array();
    for (int i = 0; i < t->pus; i++) {
        const struct c4_pu *pu = &t->pu[i];
        json_array_append_new(array, json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "os_index",
                                               pu->os_index, "core", pu->core, "l2", pu->l2, "l3",
                                               pu->l3, "node", pu->node, "package", pu->package,
                                               "kind", pu->kind));
    }
    return array;
}

static json_t *nodes_array(const struct c4_topology *t) {
    json_t *array = json_array();
    for (int i = 0; i < t->nodes; i++) {
        int64_t bytes = t->node[i].memory_bytes;
        json_array_append_new(
            array, json_pack("{s:i, s:o}", "os_index", t->node[i].os_index, "memory_bytes",
                             bytes > 0 ? json_integer((json_int_t)bytes) : json_null()));
    }
    return array;
}

/* NULL if memory runs out. */
static json_t *list_of(const int *pu, int count) {
    struct c4_text text = {0};
    json_t *value =
        c4_pu_list_add(&text, pu, count) == C4_OK ? json_string(c4_text_string(&text)) : NULL;
    c4_text_free(&text);
    return value;
}

static json_t *number_or_null(int number) {
    return number >= 0 ? json_integer(number) : json_null();
}

static json_t *places_array(const struct c4_placement *p, const struct c4_team *team) {
    json_t *array = json_array();
    const int *seen = team->pu;
    for (int i = 0; i < p->places; i++) {
        const struct c4_place *place = &p->place[i];
        json_array_append_new(
            array, json_pack("{s:i, s:o, s:o, s:o, s:o}", "threads", place->threads, "asked",
                             list_of(place->pu, place->threads), "read_back",
                             team->bound ? list_of(seen, place->threads) : json_string("any"),
                             "node", number_or_null(place->node), "l3", number_or_null(place->l3)));
        if (team->bound) seen += place->threads;
    }
    return array;
}

/* The places of a policy, after a team was started on all of them; the PUs of a placement follow
 * each other. */
static enum c4_status try_policy(const struct c4_topology *t, const char *name, json_t *policies) {
    struct c4_placement_policy policy;
    struct c4_placement placement;
    struct c4_team team = {0};
    int threads = 0;
    C4_TRY(c4_placement_policy_parse(name, &policy));
    C4_TRY(c4_placement_make(t, &policy, &placement));
    for (int i = 0; i < placement.places; i++) threads += placement.place[i].threads;
    enum c4_status status = c4_team_start(placement.storage, threads, &team);
    const char *reason = status == C4_OK ? team.reason : c4_error();
    json_t *object = json_pack("{s:s, s:b, s:b, s:o, s:o}", "policy", name, "default",
                               policy.scope == C4_PLACE_CORE, "bound", team.bound, "reason",
                               reason[0] ? c4_json_text(reason) : json_null(), "places",
                               places_array(&placement, &team));
    c4_team_release(&team);
    c4_placement_free(&placement);
    return json_array_append_new(policies, object) == 0
               ? C4_OK
               : c4_fail(C4_ERR_MEMORY, "out of memory to draw the topology");
}

enum c4_status c4_topology_drawing_make(json_t **drawing) {
    static const char *const names[] = {"core", "l2", "l3", "numa", "machine"};
    struct c4_topology t;
    *drawing = NULL;
    C4_TRY(c4_topology_load(NULL, &t));
    json_t *policies = json_array();
    enum c4_status status = C4_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && status == C4_OK; i++)
        status = try_policy(&t, names[i], policies);
    if (status == C4_OK) {
        *drawing = json_pack("{s:o, s:i, s:o, s:O}", "nodes", nodes_array(&t), "memory_nodes",
                             t.memory_nodes, "pus", pus_array(&t), "policies", policies);
        if (!*drawing) status = c4_fail(C4_ERR_MEMORY, "out of memory to draw the topology");
    }
    json_decref(policies);
    c4_topology_free(&t);
    return status;
}

/* --- text --- */

enum { COLUMNS = 96, INDENT = 6 };

static int number(const json_t *object, const char *member) {
    return (int)json_integer_value(json_object_get(object, member));
}

static const json_t *pu_at(const json_t *drawing, size_t i) {
    return json_array_get(json_object_get(drawing, "pus"), i);
}

static bool differs(const json_t *a, const json_t *b, const char *member) {
    return !a || number(a, member) != number(b, member);
}

static void add_node(const json_t *drawing, int node, struct c4_text *text) {
    const json_t *object = json_array_get(json_object_get(drawing, "nodes"), (size_t)node);
    const json_t *bytes = json_object_get(object, "memory_bytes");
    c4_text_add(text, "  NUMA node %d", node);
    if (number(object, "os_index") != node)
        c4_text_add(text, " (the system's %d)", number(object, "os_index"));
    if (json_is_integer(bytes))
        c4_text_add(text, ", %.1f GiB", (double)json_integer_value(bytes) / (1 << 30));
    c4_text_add(text, "\n");
}

/* Adds a word to a line of such words that begins `indent` columns in. */
static void add_word(struct c4_text *text, size_t *line, int indent, const char *word) {
    if (text->length - *line + strlen(word) + 1 > COLUMNS) {
        *line = text->length + 1;
        c4_text_add(text, "\n%*s", indent, "");
    }
    c4_text_add(text, " %s", word);
}

/* Cores as their PUs, "[0,8] [1,9]"; those of one L2 joined as "[4]+[5]". */
static void add_machine(const json_t *drawing, struct c4_text *text) {
    const json_t *before = NULL, *pu;
    size_t count = json_array_size(json_object_get(drawing, "pus")), line = text->length;
    struct c4_text cores = {0};
    for (size_t i = 0; i < count; i++, before = pu) {
        pu = pu_at(drawing, i);
        bool package = differs(before, pu, "package");
        bool node = package || differs(before, pu, "node");
        bool l3 = node || differs(before, pu, "l3") || differs(before, pu, "kind");
        if (l3 && before) c4_text_add(text, "\n");
        if (package) c4_text_add(text, "Package %d\n", number(pu, "package"));
        if (node) add_node(drawing, number(pu, "node"), text);
        if (l3) {
            line = text->length;
            c4_text_add(text, "    L3 domain %d, kind %d, cores", number(pu, "l3"),
                        number(pu, "kind"));
        }
        if (l3 || differs(before, pu, "l2")) c4_text_clear(&cores);
        bool first = l3 || differs(before, pu, "core");
        c4_text_add(&cores, first ? "%s[%d" : "%s,%d", first && cores.length ? "+" : "",
                    number(pu, "os_index"));
        const json_t *next = pu_at(drawing, i + 1);
        if (!next || differs(pu, next, "core")) c4_text_add(&cores, "]");
        if (!next || differs(pu, next, "l2") || differs(pu, next, "l3") ||
            differs(pu, next, "node"))
            add_word(text, &line, INDENT, c4_text_string(&cores));
    }
    c4_text_add(text, "\n");
    if (cores.lost) text->lost = true;
    c4_text_free(&cores);
    int memory = number(drawing, "memory_nodes");
    if (memory > 0)
        c4_text_add(text, "%d NUMA node%s without CPUs, never chosen\n", memory,
                    memory == 1 ? "" : "s");
}

static void add_number(struct c4_text *text, const char *name, const json_t *value) {
    if (json_is_integer(value))
        c4_text_add(text, ", %s %d", name, (int)json_integer_value(value));
    else
        c4_text_add(text, ", several of %s", name);
}

static void add_policy(const json_t *policy, struct c4_text *text) {
    const json_t *places = json_object_get(policy, "places"), *place;
    const char *reason = json_string_value(json_object_get(policy, "reason"));
    size_t i;
    c4_text_add(text, "\n--places %s%s: %zu place%s, %s%s%s\n",
                json_string_value(json_object_get(policy, "policy")),
                json_is_true(json_object_get(policy, "default")) ? " (the default)" : "",
                json_array_size(places), json_array_size(places) == 1 ? "" : "s",
                json_is_true(json_object_get(policy, "bound")) ? "bound" : "not bound",
                reason ? ": " : "", reason ? reason : "");
    json_array_foreach(places, i, place) {
        c4_text_add(text, "  %zu: asked %s, read back %s", i,
                    json_string_value(json_object_get(place, "asked")),
                    json_string_value(json_object_get(place, "read_back")));
        add_number(text, "node", json_object_get(place, "node"));
        add_number(text, "L3", json_object_get(place, "l3"));
        c4_text_add(text, "\n");
    }
}

enum c4_status c4_topology_drawing_add(const json_t *drawing, struct c4_text *text) {
    const json_t *policy;
    size_t i;
    add_machine(drawing, text);
    json_array_foreach(json_object_get(drawing, "policies"), i, policy) add_policy(policy, text);
    return c4_text_add_bytes(text, "", 0); /* fails if anything was lost */
}
