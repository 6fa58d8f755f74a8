// Pairs of dossiers and advisers, beside a look at every pair.
#include <gtest/gtest.h>

#include <libmatch/retrieve/dossier_source.hpp>

#include "cpp/support/full_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

using testing::numbers;
using testing::texts;

constexpr std::size_t advisers = 40;

/// A market with territories and specialists, and some dossiers by the place where they meet.
struct Case {
    Market market;
    std::vector<Dossier> dossiers;
    std::vector<std::vector<DossierSource::Known>> known;
};

Case make(std::uint64_t seed) {
    Tables t = testing::full_tables(seed, 60, advisers);
    Random random(seed + 1);
    std::vector<std::string> zones;
    std::vector<double> seats;
    for (std::size_t j = 0; j < advisers; ++j) {
        const std::vector<std::string> some = {"", "FR", "region:R1",
                                               "departement:D0;departement:D2"};
        zones.push_back(some[random.below(some.size())]);
        seats.push_back(static_cast<double>(random.below(3)));
    }
    t["advisers"].add("zones", texts(zones));
    t["advisers"].add("specialist_capacity", numbers(seats));
    Case c{testing::build_market(t), {}, {}};
    for (std::size_t d = 0; d < 30; ++d) {
        Dossier dossier;
        const std::size_t members = 1 + random.below(4);
        for (std::size_t k = 0; k < members; ++k)
            dossier.members.push_back({FirmId(random.below(60)), 0, 0});
        dossier.seat = dossier.members.front().firm;
        dossier.lead = AdviserId(random.below(advisers));
        c.dossiers.push_back(std::move(dossier));
    }
    std::sort(c.dossiers.begin(), c.dossiers.end(), [&](const Dossier& a, const Dossier& b) {
        return seat_place(c.market, a).value < seat_place(c.market, b).value;
    });
    for (std::size_t d = 0; d < c.dossiers.size(); ++d) {
        std::vector<DossierSource::Known> own;
        for (std::size_t j = 0; j < advisers; ++j) {
            if (random.below(5) == 0) own.push_back({AdviserId(j), random.uniform()});
        }
        c.known.push_back(std::move(own));
    }
    return c;
}

class DossierPairs : public ::testing::TestWithParam<DossierSource::Role> {};

TEST_P(DossierPairs, AreThoseOfALookAtEveryPair) {
    const DossierSource::Role role = GetParam();
    const bool leads = role == DossierSource::Role::lead;
    std::size_t eligible = 0;
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const Case c = make(seed);
        const DossierSource source(c.market, c.dossiers, role,
                                   leads ? c.known : decltype(c.known)());
        const std::vector<double> trust = trust_in_helpers(c.market);
        ASSERT_EQ(source.firms(), c.dossiers.size());
        ASSERT_EQ(source.advisers(), advisers);
        Random random(seed);
        std::vector<double> prices(advisers);
        for (double& p : prices) p = 0.3 * random.uniform();
        std::vector<FirmId> all;
        std::vector<double> threshold;
        for (std::size_t d = 0; d < c.dossiers.size(); ++d) {
            all.emplace_back(d);
            threshold.push_back(leads ? 0.2 : -0.3);
        }
        Control control;
        constexpr std::size_t width = 3;
        CandidateLists lists(all.size(), width);
        source.best(all, prices, lists, 2, control);
        const auto found = source.above(all, prices, threshold, 2, control);
        std::size_t at = 0;
        PairRow row;
        for (std::size_t k = 0; k < all.size(); ++k) {
            const FirmId d = all[k];
            const PlaceId seat = seat_place(c.market, c.dossiers[k]);
            const DossierNeeds needs = needs_of(c.market, c.dossiers[k]);
            source.pairs_of(d, row);
            std::size_t in_row = 0;
            std::vector<double> net;
            for (std::size_t x = 0; x < advisers; ++x) {
                const AdviserId j(x);
                const bool able = leads ? may_lead(c.market, seat, j)
                                        : c.market.advisers.specialist_capacity[j] > 0 &&
                                              may_assist(c.market, seat, j);
                EXPECT_EQ(source.eligible(d, j), able || (!leads && j == c.dossiers[k].lead));
                if (!able) continue;
                ++eligible;
                double share = 0;
                for (const auto& known : c.known[k]) {
                    if (known.adviser == j) share = known.share;
                }
                const double worth = leads ? lead_utility(c.market, needs, seat, share, trust, j)
                                           : specialist_utility(c.market, seat, trust, j);
                EXPECT_EQ(source.utility(d, j), worth);
                EXPECT_LE(worth, source.utility_limit());
                EXPECT_LE(std::fabs(worth), source.utility_size());
                ASSERT_LT(in_row, row.adviser.size());
                EXPECT_EQ(row.adviser[in_row], x);
                EXPECT_EQ(row.value[in_row++], worth);
                net.push_back(worth - prices[x]);
                if (net.back() < threshold[k]) continue;
                ASSERT_LT(at, found.size());
                EXPECT_EQ(found[at].firm, d);
                EXPECT_EQ(found[at].adviser, j);
                EXPECT_EQ(found[at++].value, worth);
            }
            EXPECT_EQ(in_row, row.adviser.size());
            std::sort(net.begin(), net.end(), std::greater<>());
            ASSERT_EQ(lists.of(d).size(), std::min(width, net.size()));
            for (std::size_t x = 0; x < lists.of(d).size(); ++x) {
                const Candidate& listed = lists.of(d)[x];
                EXPECT_NEAR(source.utility(d, listed.adviser) - prices[listed.adviser], net[x],
                            1e-12);
            }
            if (net.size() > width) {
                EXPECT_GE(lists.outside(d), net[width]);
            }
        }
        EXPECT_EQ(at, found.size());
    }
    EXPECT_GT(eligible, 300U);  // else it was about nothing
}
INSTANTIATE_TEST_SUITE_P(Roles, DossierPairs,
                         ::testing::Values(DossierSource::Role::lead,
                                           DossierSource::Role::specialist),
                         [](const auto& i) {
                             return i.param == DossierSource::Role::lead ? "leads" : "specialists";
                         });

}  // namespace
}  // namespace libmatch
