// One sentence for a blocker: who needs what, what can reach it, and what would help.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <libmatch/model/assignment.hpp>

namespace libmatch {

/// How a sentence names the members of a blocker.
struct BlockerNames {
    std::string firms, advisers, pins;  ///< "3 firms", or more
    std::string note;                   ///< why others do not help; may be empty
};

namespace detail {

inline std::string count_of(std::int64_t count, const char* one) {
    return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}
inline std::string count_of(std::size_t count, const char* one) {
    return count_of(static_cast<std::int64_t>(count), one);
}

}  // namespace detail

[[nodiscard]] inline BlockerNames counted_names(const Blocker& b) {
    return {detail::count_of(b.firms.size(), "firm"),
            detail::count_of(b.advisers.size(), "adviser"), detail::count_of(b.pins.size(), "pin"),
            ""};
}

/// `prices`: those that prove the contradiction, one per adviser.
template <class Prices>
[[nodiscard]] std::string blocker_sentence(const Blocker& b, const Prices& prices,
                                           const BlockerNames& names) {
    using detail::count_of;
    const auto verb = [](std::size_t count, const char* one, const char* several) {
        return std::string(" ") + (count == 1 ? one : several) + " ";
    };
    const bool alone = b.firms.size() + b.advisers.size() + b.pins.size() <= 2;
    const std::string missing = std::to_string(b.needed - b.reachable) + (alone ? "" : " in all");
    const std::string reachable = b.reachable == 0 ? "none" : "only " + std::to_string(b.reachable);
    const std::string note = names.note.empty() ? "" : "; " + names.note;

    if (b.advisers.empty() && b.firms.empty()) {
        return names.pins + verb(b.pins.size(), "is", "are") + "not allowed: " + names.note +
               "; drop the pin or change the rule";
    }
    if (b.advisers.empty() && b.kind == Blocker::Kind::pin) {
        return names.pins + verb(b.pins.size(), "belongs", "belong") + "to " + names.firms +
               ", which" + verb(b.firms.size(), "asks", "ask") + "for " + reachable +
               "; drop pins or raise demand by " + missing;
    }
    if (b.advisers.empty()) {
        return names.firms + verb(b.firms.size(), "needs", "need") + count_of(b.needed, "adviser") +
               " at least" + (b.firms.size() == 1 ? "" : " in all") + ", but " + reachable +
               (b.reachable <= 1 ? " is" : " are") + " eligible" + note + "; lower min_demand by " +
               missing + " or widen eligibility";
    }
    if (b.kind == Blocker::Kind::adviser) {
        const std::string them = b.advisers.size() == 1 ? "it" : "them";
        const bool one_each = static_cast<std::int64_t>(b.firms.size()) == b.reachable;
        return names.advisers + verb(b.advisers.size(), "needs", "need") +
               count_of(b.needed, "firm") + " at least, but " +
               (one_each ? reachable + (b.reachable <= 1 ? " is" : " are") + " eligible for " +
                               them + " and free"
                         : "the " + count_of(b.firms.size(), "firm") + " eligible for " + them +
                               " can take " + reachable) +
               note + "; lower min_load by " + missing + " or widen eligibility";
    }
    if (std::any_of(b.advisers.begin(), b.advisers.end(),
                    [&](AdviserId j) { return prices[j] < 0; })) {
        return names.pins + verb(b.pins.size(), "ties", "tie") + names.firms + " and " +
               names.advisers + ", whose limits ask for " + count_of(b.needed, "unit") + " where " +
               reachable + " can be given" + note +
               "; drop pins, lower minimums or raise capacity by " + missing;
    }
    const bool by_pins = b.kind == Blocker::Kind::pin;
    const bool with_pins = !by_pins && !b.pins.empty();
    return names.firms + verb(b.firms.size(), "needs", "need") + count_of(b.needed, "place") +
           (by_pins     ? " by pins"
            : with_pins ? " (" + count_of(b.pins.size(), "pin") + " among them)"
                        : "") +
           " with " + names.advisers + ", which" + verb(b.advisers.size(), "has", "have") +
           reachable + note +
           (by_pins     ? "; drop pins or raise capacity by "
            : with_pins ? "; lower min_demand, drop pins or raise capacity by "
                        : "; lower min_demand or raise capacity by ") +
           missing;
}

}  // namespace libmatch
