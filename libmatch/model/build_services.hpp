// From the tables workshops, shared_staff and visits to their rules in a market, with every fault
// named.
//
// Each is optional: a market without the table has no such stage. Complexity: linear in the tables.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <libmatch/model/market.hpp>
#include <libmatch/model/table_reader.hpp>

namespace libmatch::detail {

/// Names must be given once each.
inline void need_distinct(TableReader& in, const TextColumn& names, const char* column) {
    for (std::size_t r = 1; r < in.rows(); ++r) {
        for (std::size_t before = 0; before < r; ++before) {
            if (names[before] != names[r]) continue;
            in.fault(r, column, names[r], "the name is used twice", "give each row its own name");
            break;
        }
    }
}

inline void need_order(TableReader& in, std::size_t row, const char* column, double high,
                       const char* low_column, double low) {
    if (high < low) {
        in.fault(row, column, number_text(high), std::string("it is below ") + low_column,
                 "raise it");
    }
}

inline constexpr double most_members = 2'147'483'647;

inline void read_workshops(TableReader in, Market& market) {
    const TextColumn* name = in.required_text("workshop");
    const TextColumn* skill = in.required_text("skill");
    const auto need = in.numbers("min_need", 1, {0, 4});
    const auto headcount = in.numbers("headcount_under", 30, {0, HUGE_VAL});
    const auto least = in.whole<std::int32_t>("min_attendance", 5, 1, most_members);
    const auto most = in.whole<std::int32_t>("max_attendance", 20, 1, most_members);
    const auto radius = in.numbers("max_radius_km", 30, {0, HUGE_VAL});
    const auto opening = in.numbers("opening_cost", 1, {-1e12, 1e12});
    const auto per_km = in.numbers("cost_per_km", 0.01, {0, 1e12});
    if (name == nullptr || skill == nullptr) return;
    need_distinct(in, *name, "workshop");
    if (market.sites.empty()) {
        in.fault(std::int64_t{-1}, "", "", "workshops meet at listed sites, and there is none",
                 "add the table sites");
    }
    for (std::size_t r = 0; r < in.rows(); ++r) {
        need_order(in, r, "max_attendance", most[r], "min_attendance", least[r]);
        const auto at = std::find(market.skills.begin(), market.skills.end(), (*skill)[r]);
        if (at == market.skills.end()) {
            in.fault(r, "skill", (*skill)[r], "the table skills has no such skill",
                     "name one of its skills");
            continue;
        }
        Workshop w;
        w.rule = {std::string((*name)[r]),
                  static_cast<double>(least[r]),
                  HUGE_VAL,
                  least[r],
                  most[r],
                  radius[r],
                  opening[r],
                  per_km[r]};
        w.rule.seat = SeatKind::site;
        w.skill = static_cast<std::uint32_t>(at - market.skills.begin());
        w.min_need = need[r];
        w.headcount_under = headcount[r];
        market.workshops.push_back(std::move(w));
    }
}

inline void read_shared_staff(TableReader in, Market& market) {
    const TextColumn* name = in.required_text("rule");
    const auto least_days = in.numbers("min_days", 18, {0, 31});
    const auto most_days = in.numbers("max_days", 20, {0, 31});
    const auto least = in.whole<std::int32_t>("min_members", 2, 1, most_members);
    const auto most = in.whole<std::int32_t>("max_members", 6, 1, most_members);
    const auto radius = in.numbers("max_radius_km", 30, {0, HUGE_VAL});
    const auto opening = in.numbers("opening_cost", 0, {-1e12, 1e12});
    const auto per_km = in.numbers("cost_per_km", 0.01, {0, 1e12});
    if (name == nullptr) return;
    need_distinct(in, *name, "rule");
    for (std::size_t r = 0; r < in.rows(); ++r) {
        need_order(in, r, "max_days", most_days[r], "min_days", least_days[r]);
        need_order(in, r, "max_members", most[r], "min_members", least[r]);
        market.shared_staff.push_back({std::string((*name)[r]), least_days[r], most_days[r],
                                       least[r], most[r], radius[r], opening[r], per_km[r]});
    }
}

/// What advisers without figures of their own have.
struct VisitDefaults {
    std::int32_t days = 0;
    std::int32_t firms_per_day = 5;
};

inline VisitDefaults read_visits(TableReader in, Market& market) {
    VisitDefaults usual;
    if (!in.present()) return usual;
    if (in.rows() != 1) {
        in.fault(std::int64_t{-1}, "", std::to_string(in.rows()) + " rows",
                 "the rule of visits must be one row", "keep one row");
        return usual;
    }
    const TextColumn* network = in.required_text("network");
    usual.days = in.whole<std::int32_t>("days", 10, 0, 366)[0];
    usual.firms_per_day = in.whole<std::int32_t>("firms_per_day", 5, 1, 50)[0];
    VisitRule v;
    v.max_km_per_day = in.numbers("max_km_per_day", 200, {0, 1e5})[0];
    v.cost_per_km = in.numbers("cost_per_km", 0.01, {0, 1e9})[0];
    v.headcount_under = in.numbers("headcount_under", 30, {0, HUGE_VAL})[0];
    if (network == nullptr) return usual;
    const auto at = std::find(market.networks.begin(), market.networks.end(), (*network)[0]);
    if (at == market.networks.end()) {
        in.fault(std::size_t{0}, "network", (*network)[0], "no adviser is of this network",
                 "name a network of the table advisers");
        return usual;
    }
    v.network = static_cast<std::uint32_t>(at - market.networks.begin());
    market.visits = v;
    return usual;
}

}  // namespace libmatch::detail
