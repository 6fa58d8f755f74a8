#include <gtest/gtest.h>

#include <functional>

#include <libmatch/score/resources.hpp>

#include "cpp/support/full_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

/// A full market whose two regions lie apart: R1 begins 0.5 degrees north of R0.
Market market_of(std::uint64_t seed, double neighbour_km = 30) {
    Tables t = testing::full_tables(seed);
    Table communes;
    std::vector<double> lat;
    for (std::size_t c = 0; c < 12; ++c)
        lat.push_back(45 + 0.02 * static_cast<double>(c % 6) + (c >= 6 ? 0.5 : 0.0));
    for (const auto& [name, column] : t["communes"].columns())
        communes.add(name, name == "lat" ? Column(testing::numbers(lat)) : column);
    t["communes"] = communes;
    t["settings"].add("resources_per_firm", testing::numbers({3}));
    t["settings"].add("resources_neighbour_km", testing::numbers({neighbour_km}));
    std::vector<std::string> formats, wanted;
    for (std::size_t r = 0; r < 14; ++r) formats.push_back(r % 3 == 0 ? "video" : "workshop");
    for (std::size_t i = 0; i < 60; ++i) wanted.push_back(i % 4 == 0 ? "video" : "");
    t["resources"].add("format", testing::texts(formats));
    t["firms"].add("formats", testing::texts(wanted));
    return testing::build_market(t);
}

Plan solved(const Market& market, unsigned threads = 1) {
    SolveOptions options;
    options.threads = threads;
    Control control;
    return testing::solve(market, options, control);
}

/// The worth of a list, by its definition.
double worth(const Market& market, const CentreReach& reach, FirmId i, const Eigen::ArrayXf& unmet,
             const std::vector<ResourceId>& list) {
    double total = 0, asked = 0;
    for (std::size_t s = 0; s < market.skills.size(); ++s) {
        const auto row = static_cast<Eigen::Index>(s), column = static_cast<Eigen::Index>(i.value);
        const double w = static_cast<double>(
            market.firms.weight(row, market.firms.weight.cols() == 1 ? 0 : column));
        asked += w * static_cast<double>(market.firms.need(row, column));
        double most = 0;
        for (const ResourceId r : list) {
            most = std::max(most, static_cast<double>(market.resource_skill(
                                      row, static_cast<Eigen::Index>(r.value))));
        }
        total += w * std::min(static_cast<double>(unmet[row]), most);
    }
    total /= asked;
    for (const ResourceId r : list) {
        total += 0.1 * usefulness(market, i, unmet, r) -
                 (reach.of(r, i) == ServedAs::neighbour ? 0.05 : 0.0);
    }
    return total;
}

TEST(ResourcesStage, ListsAreTheBestOfAll) {
    std::size_t shared = 0;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        const Market market = market_of(seed, 60);
        const Plan plan = solved(market);
        EXPECT_EQ(plan.certificate(stage::resources)->status, Status::optimal);
        const CentreReach reach(market);
        const auto advisers = advisers_of_firms(market, plan);
        double all = 0;
        for (std::size_t k = 0; k < market.firms.size(); ++k) {
            const FirmId i(k);
            const Eigen::ArrayXf unmet = unmet_need(market, i, advisers[i]);
            std::vector<ResourceId> offers, given;
            for (std::size_t r = 0; r < market.resources.size(); ++r) {
                const ServedAs as = reach.of(ResourceId(r), i);
                if (as == ServedAs::nobody || usefulness(market, i, unmet, ResourceId(r)) <= 0)
                    continue;
                bool nearer = false;  // another teaches the same
                for (std::size_t x = 0; x < market.resources.size(); ++x) {
                    const ServedAs other = reach.of(ResourceId(x), i);
                    const bool same = (market.resource_skill.col(static_cast<Eigen::Index>(x)) ==
                                       market.resource_skill.col(static_cast<Eigen::Index>(r)))
                                          .all();
                    nearer = nearer || (same && (other > as || (other == as && x < r)));
                }
                if (!nearer) offers.emplace_back(r);
            }
            for (const Recommendation& r : plan.resources) {
                if (r.firm == i) given.push_back(r.resource);
            }
            double best = 0;
            std::vector<ResourceId> list;
            const std::function<void(std::size_t)> extend = [&](std::size_t from) {
                if (!list.empty()) best = std::max(best, worth(market, reach, i, unmet, list));
                if (list.size() == 3) return;
                for (std::size_t x = from; x < offers.size(); ++x) {
                    list.push_back(offers[x]);
                    extend(x + 1);
                    list.pop_back();
                }
            };
            extend(0);
            const double got = given.empty() ? 0 : worth(market, reach, i, unmet, given);
            EXPECT_NEAR(got, best, 1e-6) << market.firms.id[i];
            all += got;
            shared += given.size() > 1 ? 1 : 0;
        }
        EXPECT_NEAR(plan.certificate(stage::resources)->objective, all, 1e-4);
    }
    EXPECT_GT(shared, 20U);
}

TEST(ResourcesStage, ACentreServesItsTerritoryAndTheNearOnes) {
    for (const double km : {0.0, 49.0, 60.0}) {
        const Market market = market_of(1, km);
        const CentreReach reach(market);
        std::size_t neighbours = 0;
        for (std::size_t i = 0; i < market.firms.size(); ++i) {
            const auto commune = market.places[market.firms.place[FirmId(i)]].commune;
            for (std::size_t r = 0; r < market.resources.size(); ++r) {
                const Resource& resource = market.resources[r];
                double nearest = HUGE_VAL;
                for (std::size_t c = 0; c < market.geography.at.size(); ++c) {
                    if (market.geography.contains(resource.zone, c))
                        nearest = std::min(nearest, distance_km(market.geography.at[c],
                                                                market.geography.at[commune]));
                }
                const bool format =
                    market.firms.formats[i] == 0 || market.firms.formats[i] == resource.format;
                ServedAs expected = ServedAs::nobody;
                if (format && market.geography.contains(resource.zone, commune)) {
                    expected = ServedAs::resident;
                } else if (format && nearest <= km) {
                    expected = ServedAs::neighbour;
                }
                EXPECT_EQ(reach.of(ResourceId(r), FirmId(i)), expected);
                neighbours += expected == ServedAs::neighbour ? 1 : 0;
            }
        }
        EXPECT_EQ(neighbours > 0, km > 0);
    }
}

TEST(ResourcesStage, TheJudgeNamesWhatIsWrong) {
    const Market market = market_of(2, 60);
    const Plan plan = solved(market);
    ASSERT_TRUE(testing::verify(market, plan).ok());
    const auto said = [&](const std::function<void(Plan&)>& change) {
        Plan changed = plan;
        change(changed);
        std::string text;
        for (const auto& v : testing::verify(market, changed).violations)
            text += v.stage + " | " + v.subject + " | " + v.problem + "\n";
        return text;
    };
    const auto expect = [&](const std::function<void(Plan&)>& change, const std::string& words) {
        const std::string text = said(change);
        EXPECT_NE(text.find("resources | "), std::string::npos);
        EXPECT_NE(text.find(words), std::string::npos) << text;
    };
    expect([](Plan& p) { p.resources[0].adds += 0.01; }, "is said to add");
    expect([](Plan& p) { p.resources[0].score += 0.01; }, "claimed usefulness");
    expect([](Plan& p) { p.resources[0].rank = 4; }, "ranks");
    expect([](Plan& p) { p.resources[0].neighbour = !p.resources[0].neighbour; }, "border");
    expect([](Plan& p) { p.resources.push_back(p.resources[0]); }, "twice");
    expect([](Plan& p) { p.resources.pop_back(); }, "objective");
    expect(
        [](Plan& p) {
            for (auto& [name, c] : p.certificates) {
                if (name == stage::resources) c.bound *= 1 - 1e-9;
            }
        },
        "bound");
}

TEST(ResourcesStage, StoppedWorkClaimsATrueBound) {
    const Market market = market_of(0);
    SolveOptions options;
    options.stages = {"resources"};
    Control control;
    control.cancel();
    const Plan plan = testing::solve(market, options, control);
    EXPECT_EQ(plan.certificate(stage::resources)->status, Status::cancelled);
    EXPECT_TRUE(testing::verify(market, plan).ok());
}

}  // namespace
}  // namespace libmatch
