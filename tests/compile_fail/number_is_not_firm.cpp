// A bare number does not become a firm by itself.
#include <libmatch/core/types.hpp>

constexpr bool is_first(libmatch::FirmId firm) { return firm.value == 0; }
static_assert(is_first(libmatch::FirmId{0U}));

#ifdef MUST_NOT_COMPILE
static_assert(is_first(0U));
#endif
