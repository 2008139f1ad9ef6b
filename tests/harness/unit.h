/* cmocka with the headers that it needs first. */
#ifndef C4_TESTS_HARNESS_UNIT_H
#define C4_TESTS_HARNESS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
