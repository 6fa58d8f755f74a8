// Where the published instances lie. They are not part of the repository.
//
// The folder is the environment's LIBMATCH_SHARED_DATA, else ../shared/data beside the repository.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace libmatch::oracle {

inline std::filesystem::path shared_data() {
    if (const char* given = std::getenv("LIBMATCH_SHARED_DATA"); given != nullptr && *given != 0) {
        return given;
    }
    const std::filesystem::path root =
        std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
    return root.parent_path() / "shared" / "data";
}

}  // namespace libmatch::oracle
