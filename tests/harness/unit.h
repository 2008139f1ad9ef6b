/* cmocka with the headers it wants to see first. */
#ifndef C4_TESTS_HARNESS_UNIT_H
#define C4_TESTS_HARNESS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
