// The pooling problem at array level, and its answer.
//
// Firm i has an amount a_i > 0 and a value v_i. A lawful group under a rule has members that share
// a cell (equal keys), a sum of amounts in [min_sum, max_sum], a number of members in [min_members,
// max_members], and a seat no farther than max_radius_km from any member. It is worth sum(v_i -
// cost_per_km d(i, seat)) - opening_cost. Groups are disjoint; a firm may stay out. Several rules
// may compete: each group names its rule. A listed site may bound the number of groups that meet
// there and the members of each. Pairs of firms can be bound to share a group or to share none.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <libmatch/core/geo.hpp>
#include <libmatch/core/types.hpp>
#include <libmatch/model/certificate.hpp>

namespace libmatch {

/// Where the groups of a rule meet.
enum class SeatKind : std::uint8_t {
    any,     ///< at the sites if the problem lists any, else at members
    member,  ///< at the place of a member
    site     ///< at a listed site
};

struct DossierRule {
    std::string name = "rule";
    double min_sum = 0;         ///< EUR
    double max_sum = HUGE_VAL;  ///< EUR
    std::int32_t min_members = 1;
    std::int32_t max_members = std::numeric_limits<std::int32_t>::max();
    double max_radius_km = HUGE_VAL;
    double opening_cost = 0;  ///< value units; negative = a reward per dossier
    double cost_per_km = 0;   ///< value units per km
    SeatKind seat = SeatKind::any;

    /// The least and the most that a group's sum may be: the limits, less what the rounding of a
    /// sum may miss.
    [[nodiscard]] double lowest_sum() const { return min_sum - 1e-9 * std::fabs(min_sum); }
    [[nodiscard]] double highest_sum() const { return max_sum + 1e-9 * std::fabs(max_sum); }
};

enum class Metric { none, sphere, plane };

/// A place: (lat, lon) in degrees for the sphere, (x, y) in km for the plane.
struct PoolPlace {
    double a = 0;
    double b = 0;
};

/// One rule with the cell of each firm under it. Firms pool only within one cell; `no_cell` = not
/// under this rule.
struct PoolRule {
    static constexpr std::uint32_t no_cell = std::numeric_limits<std::uint32_t>::max();
    DossierRule rule;
    std::vector<std::uint32_t> cell;  ///< one per firm; empty = all firms in one cell
    [[nodiscard]] std::uint32_t cell_of(FirmId i) const { return cell.empty() ? 0 : cell[i]; }
};

struct PoolPair {
    FirmId a, b;
};

struct PoolProblem {
    std::vector<double> amount;  ///< a_i > 0, EUR
    std::vector<double> value;   ///< v_i; empty = 1 for all
    Metric metric = Metric::none;
    std::vector<PoolPlace> place;    ///< one per firm; empty with Metric::none
    std::vector<PoolPlace> sites;    ///< listed places to meet
    std::vector<double> sessions;    ///< groups that can meet at each site; empty = no limit
    std::vector<double> seats;       ///< members of a group at each site; empty = no limit
    std::vector<PoolRule> rules;     ///< at least one
    std::vector<PoolPair> together;  ///< in one group, or both out
    std::vector<PoolPair> apart;     ///< never in one group; of a firm with itself: it stays out

    [[nodiscard]] double value_of(FirmId i) const { return value.empty() ? 1.0 : value[i]; }
    [[nodiscard]] bool at_sites(std::size_t rule) const {
        const SeatKind kind = rules[rule].rule.seat;
        return kind == SeatKind::site || (kind == SeatKind::any && !sites.empty());
    }
    [[nodiscard]] double sessions_at(std::size_t site) const {
        return sessions.empty() ? HUGE_VAL : sessions[site];
    }
    [[nodiscard]] double seats_at(std::size_t site) const {
        return seats.empty() ? HUGE_VAL : seats[site];
    }
};

struct PoolGroup {
    std::uint32_t rule = 0;  ///< index in PoolProblem::rules
    std::uint32_t seat = 0;  ///< a member's firm index, or a site where the rule meets at sites
    std::vector<FirmId> members;  ///< sorted
};

/// Why a firm is in no group.
enum class PoolReason : std::uint8_t {
    pooled,              ///< it is in one
    no_rule,             ///< no rule covers it (no cell)
    amount_over_max,     ///< its amount alone exceeds every max_sum
    too_few_neighbours,  ///< everybody in reach together is under min_sum or min_members
    bound_to_others,     ///< the firms that it must stay together with fit no dossier with it
    kept_apart,  ///< a dossier of the plan would gain by it, but for a firm to be kept apart
    not_worth,   ///< lawful groups exist, all cost more than they bring at the prices of the plan
};

[[nodiscard]] constexpr const char* name(PoolReason r) {
    switch (r) {
        case PoolReason::pooled:
            return "pooled";
        case PoolReason::no_rule:
            return "no rule covers the firm";
        case PoolReason::amount_over_max:
            return "amount above the largest dossier";
        case PoolReason::too_few_neighbours:
            return "too little within reach to make the ticket";
        case PoolReason::bound_to_others:
            return "the firms that it must stay together with fit no dossier with it";
        case PoolReason::kept_apart:
            return "the dossier that would take it has a firm to be kept apart from";
        case PoolReason::not_worth:
            return "another grouping is worth more";
    }
    return "";
}

/// The group nearest to a firm that is out, among those whose keys it shares, and all that it would
/// need to be taken there, with the firms that it must stay together with.
struct NearestGroup {
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t group = none;  ///< index in PoolResult::groups
    double km = 0;               ///< from the firm to the group's seat
    double more_km = 0;          ///< of radius
    double more_eur = 0;         ///< of max_sum
    std::int32_t places = 0;     ///< for more members
    bool apart = false;          ///< a member has to be kept apart from it
    double more_value = 0;       ///< that travel costs above what the firm is worth

    [[nodiscard]] bool nothing_else() const {
        return more_km <= 0 && more_eur <= 0 && places <= 0 && more_value <= 0;
    }
};

struct PoolResult {
    std::vector<PoolGroup> groups;    ///< sorted by their first member
    std::vector<double> prices;       ///< pi_i >= 0, one per firm
    std::vector<double> site_prices;  ///< sigma_s >= 0, one per site; 0 without a limit of sessions
    std::vector<PoolReason> reasons;  ///< one per firm
    std::vector<double>
        missing;  ///< EUR missing to the smallest min_sum for too_few_neighbours, else 0
    std::vector<NearestGroup> nearest;  ///< one per firm; none for firms in a group
    Certificate certificate;
};

struct PoolOptions {
    double gap = 0.01;
    std::uint64_t seed = 0;
    unsigned threads = 0;  ///< 0 = all cores; never changes the answer
    /// Work budget in rounds of price improvement: ends the search when the gap cannot be closed.
    int max_rounds = 200;
};

}  // namespace libmatch
