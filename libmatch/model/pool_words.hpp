// What a firm needs to be taken by a group, in words.
#pragma once

#include <cmath>
#include <sstream>
#include <string>

#include <libmatch/model/pooling.hpp>

namespace libmatch {

/// All that a firm lacks to be taken by its nearest group, joined by "; ". Figures are rounded up.
[[nodiscard]] inline std::string needs_text(const NearestGroup& at) {
    if (at.group == NearestGroup::none) return "";
    std::string text;
    const auto add = [&](double figure, double step, const char* words) {
        std::ostringstream out;
        out.precision(12);
        out << (text.empty() ? "" : "; ") << std::ceil(figure / step) * step << words;
        text += out.str();
    };
    if (at.more_km > 0) add(at.more_km, 0.1, " km more of radius");
    if (at.more_eur > 0) add(at.more_eur, 1, " EUR more of the largest sum");
    if (at.places > 0)
        add(at.places, 1, at.places == 1 ? " more place for a member" : " more places for members");
    if (at.more_value > 0) add(at.more_value, 0.001, " more of value than the travel leaves");
    if (at.apart)
        text += std::string(text.empty() ? "" : "; ") + "leave to meet a firm kept apart from it";
    return text.empty() ? "nothing else: a place is free" : text;
}

}  // namespace libmatch
