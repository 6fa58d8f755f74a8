// What an infeasible answer says, as plain Python values, and back.
#pragma once

#include "convert.hpp"

#include <algorithm>
#include <tuple>

#include <libmatch/core/error.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch::python {

using Whole = std::vector<std::int64_t>;
using Couples = std::vector<std::pair<std::int64_t, std::int64_t>>;
/// kind, index, shortfall, reason, needed, reachable, firms, advisers, pins
using BlockerRow = std::tuple<std::string, std::int64_t, std::int64_t, std::string, std::int64_t,
                              std::int64_t, Whole, Whole, Couples>;
/// limit, firm or none, adviser or none, before, after
using RelaxationRow = std::tuple<std::string, std::optional<std::int64_t>,
                                 std::optional<std::int64_t>, std::int64_t, std::int64_t>;

inline constexpr const char* blocker_kind_names[] = {"firm", "adviser", "pin", "quota"};

inline py::array_t<std::int64_t> to_array(const std::vector<Pair>& pairs) {
    py::array_t<std::int64_t> out({static_cast<py::ssize_t>(pairs.size()), py::ssize_t{2}});
    auto view = out.mutable_unchecked<2>();
    for (std::size_t k = 0; k < pairs.size(); ++k) {
        view(static_cast<py::ssize_t>(k), 0) = pairs[k].firm.value;
        view(static_cast<py::ssize_t>(k), 1) = pairs[k].adviser.value;
    }
    return out;
}
/// An index from outside; one that no problem has stays one, and is found by the judge.
template <class Id>
Id index_of(std::int64_t value) {
    return value < 0 || value >= Id::missing ? Id() : Id(static_cast<std::size_t>(value));
}
inline std::vector<Pair> to_pairs(const Array<std::int64_t>& given) {
    std::vector<Pair> pairs;
    const auto flat = to_vector(given);
    for (std::size_t k = 0; k + 1 < flat.size(); k += 2)
        pairs.push_back({index_of<FirmId>(flat[k]), index_of<AdviserId>(flat[k + 1])});
    return pairs;
}

inline std::vector<BlockerRow> rows_of(const std::vector<Blocker>& blockers) {
    std::vector<BlockerRow> rows;
    for (const Blocker& b : blockers) {
        Whole firms, advisers;
        Couples pins;
        for (const FirmId i : b.firms) firms.push_back(i.value);
        for (const AdviserId j : b.advisers) advisers.push_back(j.value);
        for (const Pair& p : b.pins) pins.emplace_back(p.firm.value, p.adviser.value);
        rows.emplace_back(blocker_kind_names[static_cast<std::size_t>(b.kind)], b.index,
                          b.shortfall, b.reason, b.needed, b.reachable, std::move(firms),
                          std::move(advisers), std::move(pins));
    }
    return rows;
}
inline std::vector<Blocker> blockers_from(const std::vector<BlockerRow>& rows) {
    std::vector<Blocker> blockers;
    for (const auto& [kind, index, shortfall, reason, needed, reachable, firms, advisers, pins] :
         rows) {
        Blocker b;
        const auto* at =
            std::find(std::begin(blocker_kind_names), std::end(blocker_kind_names), kind);
        if (at == std::end(blocker_kind_names)) {
            throw InputError({Fault::Severity::error, "blockers", -1, "kind", kind,
                              "this is no kind of blocker", "use firm, adviser, pin or quota"});
        }
        b.kind = static_cast<Blocker::Kind>(at - std::begin(blocker_kind_names));
        b.index = static_cast<std::uint32_t>(index);
        b.shortfall = shortfall;
        b.reason = reason;
        b.needed = needed;
        b.reachable = reachable;
        for (const auto i : firms) b.firms.push_back(index_of<FirmId>(i));
        for (const auto j : advisers) b.advisers.push_back(index_of<AdviserId>(j));
        for (const auto& [i, j] : pins)
            b.pins.push_back({index_of<FirmId>(i), index_of<AdviserId>(j)});
        blockers.push_back(std::move(b));
    }
    return blockers;
}

inline std::vector<RelaxationRow> rows_of(const std::vector<Relaxation>& changes) {
    std::vector<RelaxationRow> rows;
    const auto index = [](auto id) {
        return id.known() ? std::optional<std::int64_t>(id.value) : std::nullopt;
    };
    for (const Relaxation& r : changes) {
        rows.emplace_back(std::string(name(r.limit)), index(r.firm), index(r.adviser), r.before,
                          r.after);
    }
    return rows;
}
inline std::vector<Relaxation> relaxation_from(const std::vector<RelaxationRow>& rows) {
    using Limit = Relaxation::Limit;
    std::vector<Relaxation> changes;
    for (const auto& [limit, firm, adviser, before, after] : rows) {
        bool known = false;
        for (const Limit l : {Limit::capacity, Limit::min_load, Limit::min_demand, Limit::pin}) {
            if (name(l) != limit) continue;
            changes.push_back({l, index_of<FirmId>(firm.value_or(-1)),
                               index_of<AdviserId>(adviser.value_or(-1)), before, after});
            known = true;
        }
        if (!known) {
            throw InputError({Fault::Severity::error, "relaxation", -1, "limit", limit,
                              "there is no such limit",
                              "use capacity, min_load, min_demand or pin"});
        }
    }
    return changes;
}

/// The part of a claim that only an infeasible answer has.
using InfeasibleRows =
    std::tuple<std::vector<BlockerRow>, std::vector<RelaxationRow>, Array<std::int64_t>>;

}  // namespace libmatch::python
