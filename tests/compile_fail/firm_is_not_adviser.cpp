// An index of one kind cannot be passed where another kind is expected.
#include <libmatch/core/types.hpp>

constexpr bool is_first(libmatch::FirmId firm) { return firm.value == 0; }
static_assert(is_first(libmatch::FirmId{0U}));

#ifdef MUST_NOT_COMPILE
static_assert(is_first(libmatch::AdviserId{0U}));
#endif
