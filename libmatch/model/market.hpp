// A market, compiled: what the solver and the judge read.
//
// Made only by build_market() (model/build_market.hpp), which has checked everything; so members
// may be read without further checks. Columns are stored one array per attribute, indexed by
// FirmId, AdviserId, ... An index is the place of an id among all ids of its table (model/row_order
// .hpp), never of a row, so a market does not depend on the order of rows.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <Eigen/Core>

#include <libmatch/core/geo.hpp>
#include <libmatch/core/types.hpp>
#include <libmatch/model/pooling.hpp>

namespace libmatch {

/// Levels of the French territory, from coarse to fine.
enum class TerritoryLevel : std::uint8_t { country, region, departement, epci, commune };
inline constexpr std::array<std::string_view, 5> territory_level_names{
    "country", "region", "departement", "epci", "commune"};

/// Where something is valid: some territories of one level. The country contains everything.
struct Zone {
    TerritoryLevel level = TerritoryLevel::country;
    std::vector<std::uint32_t> codes;  ///< sorted; indices in Geography::codes of that level
};

/// Communes and the territories around them.
struct Geography {
    std::vector<std::string> name;
    std::vector<LatLon> at;
    std::vector<double> population;
    /// territory[c][level]: index in codes[level] of the territory of that level around commune c.
    std::vector<std::array<std::uint32_t, 5>> territory;
    std::array<std::vector<std::string>, 5> codes;

    [[nodiscard]] const std::string& code(std::size_t commune, TerritoryLevel level) const {
        const auto l = static_cast<std::size_t>(level);
        return codes[l][territory[commune][l]];
    }
    [[nodiscard]] bool contains(const Zone& zone, std::size_t commune) const;
};

inline bool Geography::contains(const Zone& zone, std::size_t commune) const {
    if (zone.level == TerritoryLevel::country) return true;
    const std::uint32_t here = territory[commune][static_cast<std::size_t>(zone.level)];
    for (const std::uint32_t code : zone.codes) {
        if (code == here) return true;
    }
    return false;
}

/// A distinct location of firms or advisers.
struct Place {
    std::uint32_t commune = 0;
    LatLon at;
    SpherePoint point;
};

/// An activity code of the French nomenclature, or a prefix of one, without its dot: "6201Z", "62".
struct NafCode {
    std::array<char, 5> text{};
    std::uint8_t length = 0;
    [[nodiscard]] std::string_view view() const { return {text.data(), length}; }
    [[nodiscard]] bool starts_with(const NafCode& prefix) const {
        return view().substr(0, prefix.length) == prefix.view();
    }
    friend bool operator==(const NafCode&, const NafCode&) = default;
};

/// A small set of words of one vocabulary (languages, labels, legal forms), as a bit mask.
using WordSet = std::uint64_t;

/// A text column of the firms that a rule names.
struct FirmColumn {
    std::string name;
    std::vector<std::string> words;   ///< the first is the empty one
    std::vector<std::uint32_t> word;  ///< one per firm
};

struct Firms {
    std::vector<std::string> id;
    std::vector<PlaceId> place;
    std::vector<NafCode> naf;
    std::vector<double> headcount;    ///< employees; NaN = unknown
    std::vector<double> created;      ///< days since 1970-01-01; NaN = unknown
    std::vector<WordSet> legal_form;  ///< at most one bit
    std::vector<WordSet> languages;   ///< 0 = any
    std::vector<WordSet> formats;     ///< of resources; 0 = any
    Eigen::ArrayXXf need;             ///< skills x firms, level 0-4
    Eigen::ArrayXXf weight;           ///< skills x firms, or skills x 1 when common to all
    std::vector<double> cost_eur, own_funds_eur, aid_received_eur;
    std::vector<std::uint8_t> consents_pooling;
    std::vector<double> priority;  ///< what a dossier with the firm is worth; the order of grants
    std::vector<std::int32_t> demand;      ///< advisers wanted per programme
    std::vector<std::int32_t> min_demand;  ///< advisers that each programme must give it
    std::vector<double> reservation;       ///< what a programme that leaves it out is worth to it
    std::vector<FirmColumn> columns;       ///< those that rules name
    std::vector<double> it_days;           ///< days of IT skill wanted per month; 0 = none
    std::vector<std::uint32_t> row;        ///< row of each firm in the table; empty = its index
    [[nodiscard]] std::size_t size() const { return id.size(); }
};

struct Advisers {
    std::vector<std::string> id;
    std::vector<std::uint32_t> network;  ///< index in Market::networks
    std::vector<WordSet> labels;
    std::vector<PlaceId> place;
    std::vector<double> range_km;
    std::vector<std::uint8_t> remote;
    std::vector<Zone> zone;
    std::vector<std::vector<NafCode>> naf_in, naf_out;
    std::vector<double> headcount_min, headcount_max;
    std::vector<WordSet> languages;  ///< 0 = any
    std::vector<std::int64_t> capacity, min_load;
    Eigen::ArrayXXf skill;  ///< skills x advisers, level 0-4
    std::vector<double> successes, failures;
    std::vector<double> absent_from, absent_until;  ///< days; NaN = none
    std::vector<double> day_rate_eur;
    std::vector<std::int64_t> dossier_capacity;     ///< dossiers led at most, unless in hours
    std::vector<double> dossier_hours;              ///< hours of writing; empty = no such column
    std::vector<std::int64_t> specialist_capacity;  ///< dossiers assisted at most
    std::vector<std::int32_t> visit_days, visits_per_day;
    std::vector<std::uint32_t> row;  ///< row of each adviser in the table; empty = its index
    [[nodiscard]] std::size_t size() const { return id.size(); }
};

struct Scheme {
    std::string id, name, funder, stacking_group, dated, source;
    double rate = 0, cap_eur = HUGE_VAL, floor_eur = 0, budget_eur = HUGE_VAL;
    Zone zone;
    std::vector<NafCode> naf_in, naf_out;
    double headcount_min = 0, headcount_max = HUGE_VAL;
    /// Largest share of the cost that all aid together may reach once this scheme takes part.
    double intensity_max = 1;
    bool collective_only = false;  ///< only for members of a dossier
    bool de_minimis = true;        ///< counts under the de minimis ceiling
    WordSet label_required = 0;
    std::uint64_t networks_required = 0;  ///< bit k: an adviser of network k serves the firm
};

/// Stands for a lender's budget without limit: more than all loans together.
inline constexpr double largest_budget = 1e15;

struct Lender {
    std::string id, name;
    double min_ticket_eur = 0, max_ticket_eur = HUGE_VAL;
    Zone zone;
    std::int64_t capacity = 0;  ///< loans at most, unless there are budgets
    double interest_rate = 0;
    std::vector<NafCode> naf_in, naf_out;
    double budget_eur = largest_budget;
};

struct Resource {
    std::string id, centre_id, centre, title;
    Zone zone;
    WordSet languages = 0;
    WordSet format = 0;  ///< how it is given: "video", "workshop"; at most one bit
};

/// A listed place where groups can meet.
struct Site {
    std::string id, name;
    PlaceId place;
    double sessions = HUGE_VAL;  ///< groups that can meet there; whole, infinity = no limit
    double seats = HUGE_VAL;     ///< members of one group; whole, infinity = no limit
};

struct Programme {
    std::string name;
    std::uint32_t network = 0;
    ProgrammeId after;  ///< only firms that this programme has reached; none = all firms
    double coverage = 0.6, proximity = 0.25, trust = 0.15;
    double remote_proximity = 0.5;
    WordSet labels_required = 0;
    double max_distance_km = HUGE_VAL;
    double headcount_max = HUGE_VAL;
    WordSet legal_forms = 0;  ///< 0 = any
    double age_min_years = 0, age_max_years = HUGE_VAL;
};

enum class PairKind : std::uint8_t { pinned, forbidden, bonus };

struct PairNote {
    FirmId firm;
    AdviserId adviser;
    ProgrammeId programme;  ///< none = every programme
    PairKind kind = PairKind::bonus;
    double value = 0;
};

/// Two firms bound to share a dossier, or to share none.
struct FirmPair {
    FirmId a, b;
    bool together = true;
};

/// How many pairs between some firms and some advisers each of its programmes holds, at least and
/// at most. What a quota says of firms and of advisers holds together; what it does not say, all
/// meet.
struct MarketQuota {
    static constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();
    std::string name;
    ProgrammeId programme;  ///< none = every programme of which it holds an adviser
    std::int64_t lower = 0, upper = no_limit;
    Zone zone;
    std::vector<NafCode> naf_in;
    double headcount_min = 0, headcount_max = HUGE_VAL;
    std::string firm_column, firm_value;  ///< a column of the table firms; empty = all
    bool all_firms = true, all_advisers = true;
    std::vector<FirmId> firms;        ///< sorted; read unless all_firms
    std::vector<AdviserId> advisers;  ///< sorted; read unless all_advisers

    /// Whether a firm with these attributes belongs, apart from its column.
    [[nodiscard]] bool holds(const Geography& geography, std::uint32_t commune, const NafCode& naf,
                             double headcount) const {
        const auto matches = [&](const NafCode& prefix) { return naf.starts_with(prefix); };
        const bool any_size = headcount_min <= 0 && headcount_max == HUGE_VAL;
        return geography.contains(zone, commune) &&
               (any_size || (headcount >= headcount_min && headcount <= headcount_max)) &&
               (naf_in.empty() || std::any_of(naf_in.begin(), naf_in.end(), matches));
    }
    [[nodiscard]] bool holds(AdviserId j) const {
        return all_advisers || std::binary_search(advisers.begin(), advisers.end(), j);
    }
};

/// A pair of an earlier plan, as the table previous gives it.
struct PreviousPair {
    FirmId firm;
    AdviserId adviser;
    ProgrammeId programme;  ///< none = every programme of the adviser's network
};

/// A dossier rule and the attributes that its members share.
struct KeyedRule {
    enum class Kind : std::uint8_t {
        naf,
        naf_division,
        commune,
        epci,
        departement,
        region,
        column
    };
    struct Key {
        Kind kind = Kind::naf;
        std::uint32_t column = 0;  ///< in Firms::columns
    };
    DossierRule rule;
    std::vector<Key> keys;
};
inline constexpr std::array<std::string_view, 6> key_names{"naf",  "naf_division", "commune",
                                                           "epci", "departement",  "region"};

/// A training that leaders of small firms may attend, under the rule of its groups.
struct Workshop {
    DossierRule rule;             ///< amounts count leaders: the sum is the attendance
    std::uint32_t skill = 0;      ///< index in Market::skills
    double min_need = 1;          ///< level of need from which a leader is invited
    double headcount_under = 30;  ///< only firms with fewer employees
};

/// Who visits leaders of small firms where they are, and how far a day may lead.
struct VisitRule {
    std::uint32_t network = 0;
    double max_km_per_day = 200;  ///< from home, round, and back
    double cost_per_km = 0.01;    ///< value units per km; a visit is worth the firm's priority
    double headcount_under = 30;
};

struct Settings {
    double date = std::nan("");  ///< days since 1970-01-01; NaN = ages and absences are not checked
    double trust_prior_successes = 1, trust_prior_failures = 1;
    double trust_confidence = 0.9;
    double trust_label_bonus = 0.1;
    double aid_intensity_max = 1;  ///< largest share of the cost that all aid may reach
    double de_minimis_ceiling_eur = HUGE_VAL;
    ProgrammeId funding_after;  ///< firms reached by this programme seek funds; none = all firms
    std::uint32_t lead_network = 0;  ///< network whose advisers lead dossiers
    WordSet lead_labels_required = 0;
    double lead_hours_per_dossier = 16, lead_hours_per_member = 4;
    int specialists_per_dossier = 1;
    int resources_per_firm = 5;
    double resources_neighbour_km = 30;  ///< centres also serve firms this near to their territory
};

struct Market {
    Settings settings;
    std::vector<std::string> skills;
    std::vector<float> skill_weight;  ///< of each skill, where a firm gives none
    std::vector<std::string> networks, languages, labels, legal_forms, formats;
    Geography geography;
    std::vector<Place> places;
    Firms firms;
    Advisers advisers;
    std::vector<Programme> programmes;
    std::vector<KeyedRule> dossier_rules;
    std::vector<Workshop> workshops;
    std::vector<DossierRule> shared_staff;  ///< amounts are days per month
    std::optional<VisitRule> visits;
    std::vector<Scheme> schemes;
    std::vector<Lender> lenders;
    bool lenders_have_budgets = false;  ///< then amounts count against them, not loans
    std::vector<Resource> resources;
    std::vector<Site> sites;
    Eigen::ArrayXXf resource_skill;    ///< skills x resources, level taught 0-4
    std::vector<FirmPair> firm_pairs;  ///< sorted; the smaller firm first
    std::vector<PairNote> notes;       ///< sorted by firm, then adviser
    std::vector<std::size_t>
        notes_of_firm;  ///< notes of firm i are [notes_of_firm[i], notes_of_firm[i + 1])
    std::vector<MarketQuota> quotas;
    std::vector<PreviousPair> previous;  ///< in the order of its rows
    std::unordered_map<std::string, std::uint32_t> firm_index, adviser_index;

    [[nodiscard]] double distance_km(PlaceId a, PlaceId b) const {
        return libmatch::distance_km(places[a].point, places[b].point);
    }

    /// Whether a quota counts in a programme.
    [[nodiscard]] bool counts_in(const MarketQuota& quota, ProgrammeId p) const {
        return quota.programme.known() ? quota.programme == p : reaches(quota, p);
    }
    /// Whether an adviser of the quota is of the programme's network.
    [[nodiscard]] bool reaches(const MarketQuota& quota, ProgrammeId p) const {
        const std::uint32_t network = programmes[p].network;
        for (std::size_t j = 0; j < advisers.size(); ++j) {
            if (advisers.network[j] == network && quota.holds(AdviserId(j))) return true;
        }
        return false;
    }
};

}  // namespace libmatch
