#pragma once
/* What cmocka wants included before it, once for all tests here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
