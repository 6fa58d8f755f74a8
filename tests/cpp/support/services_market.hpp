// The market of full_market.hpp with workshops, visits and shared staff.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cpp/support/full_market.hpp"

namespace libmatch::testing {

inline Tables services_tables(std::uint64_t seed, std::size_t firms = 60,
                              std::size_t advisers = 10) {
    Tables t = full_tables(seed, firms, advisers);
    Random random(seed + 1000);
    std::vector<double> days, priority;
    for (std::size_t i = 0; i < firms; ++i) {
        days.push_back(static_cast<double>(random.below(4) == 0 ? 0 : 1 + random.below(9)));
        priority.push_back(1 + 0.5 * static_cast<double>(random.below(3)));
    }
    t["firms"].add("it_days_per_month", numbers(days));
    t["firms"].add("priority", numbers(priority));

    t["sites"].add("site_id", texts({"S0", "S1", "S2"}));
    t["sites"].add("commune", texts({"C0", "C5", "C9"}));
    t["sites"].add("sessions", numbers({1, 2, 1}));
    t["sites"].add("seats", numbers({8, 6, 9}));

    t["workshops"].add("workshop", texts({"web basics", "safety"}));
    t["workshops"].add("skill", texts({"web", "safety"}));
    t["workshops"].add("min_need", numbers({3, 2}));
    t["workshops"].add("headcount_under", numbers({15, 12}));
    t["workshops"].add("min_attendance", numbers({4, 5}));
    t["workshops"].add("max_attendance", numbers({7, 8}));
    t["workshops"].add("max_radius_km", numbers({60, 80}));

    t["shared_staff"].add("rule", texts({"whole job", "half job"}));
    t["shared_staff"].add("min_days", numbers({18, 9}));
    t["shared_staff"].add("max_days", numbers({20, 10}));
    t["shared_staff"].add("max_members", numbers({5, 3}));
    t["shared_staff"].add("max_radius_km", numbers({50, 40}));

    t["visits"].add("network", texts({"volunteer"}));
    t["visits"].add("days", numbers({2}));
    t["visits"].add("firms_per_day", numbers({3}));
    t["visits"].add("max_km_per_day", numbers({160}));
    t["visits"].add("headcount_under", numbers({15}));
    return t;
}

}  // namespace libmatch::testing
