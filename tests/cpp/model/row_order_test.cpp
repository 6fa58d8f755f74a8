#include <gtest/gtest.h>

#include <cpp/support/small_market.hpp>
#include <libmatch/model/row_order.hpp>

namespace libmatch {
namespace {

TEST(RowOrder, RowsInOrderAreLeftAlone) {
    EXPECT_TRUE(rows_by_id(texts({})).empty());
    EXPECT_TRUE(rows_by_id(texts({"b"})).empty());
    EXPECT_TRUE(rows_by_id(texts({"f1", "f2", "f10", "f10", "f11"})).empty());
}

TEST(RowOrder, ShorterTextsComeFirstThenSmallerBytes) {
    EXPECT_EQ(rows_by_id(texts({"f10", "f9", "", "a10", "\xff", "\x7f"})),
              (std::vector<std::uint32_t>{2, 5, 4, 1, 3, 0}));
}

TEST(RowOrder, EqualTextsKeepTheirOrder) {
    EXPECT_EQ(rows_by_id(texts({"b", "a", "b", "a"})), (std::vector<std::uint32_t>{1, 3, 0, 2}));
}

TEST(RowOrder, EqualsAStableSortOfAnyTexts) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Random random(seed);
        const std::string prefix(random.below(12), 'p');
        std::vector<std::string> ids(2 + random.below(40));
        for (std::string& id : ids) {
            id = prefix;
            for (std::uint64_t k = random.below(seed % 2 == 0 ? 4 : 14); k > 0; --k)
                id += static_cast<char>(random.below(3) == 0 ? 0xe9 : 'a' + random.below(2));
        }
        std::vector<std::uint32_t> expected(ids.size());
        std::iota(expected.begin(), expected.end(), 0U);
        std::stable_sort(expected.begin(), expected.end(), [&](auto a, auto b) {
            return ids[a].size() != ids[b].size() ? ids[a].size() < ids[b].size() : ids[a] < ids[b];
        });
        auto found = rows_by_id(texts(ids));
        if (found.empty()) {
            found.resize(ids.size());
            std::iota(found.begin(), found.end(), 0U);
        }
        EXPECT_EQ(found, expected) << "seed " << seed;
    }
}

TEST(RowOrder, TablesFollow) {
    const Table given = table({{"id", texts({"b", "", "a"})}, {"x", numbers({1, 2, 3})}});
    const Table found = with_rows(given, {2, 0, 1});
    ASSERT_EQ(found.rows(), 3U);
    EXPECT_EQ((*found.text("id"))[0], "a");
    EXPECT_EQ((*found.text("id"))[2], "");
    EXPECT_EQ(found.number("x")->values, (std::vector<double>{3, 1, 2}));
}

TEST(RowOrder, OfAMarketIsThatOfItsIds) {
    Tables tables = bare_market();
    put(tables, "firms", "firm_id", texts({"F2"}));
    tables["firms"] = table({{"firm_id", texts({"F10", "F9", "F1"})},
                             {"commune", texts({"69123", "75056", "42218"})},
                             {"need_web", numbers({1, 2, 3})}});
    const Market market = testing::build_market(tables);
    EXPECT_EQ(market.firms.id, (std::vector<std::string>{"F1", "F9", "F10"}));
    EXPECT_EQ(market.firms.row, (std::vector<std::uint32_t>{2, 1, 0}));
    EXPECT_EQ(market.firms.need(0, 0), 3);
    EXPECT_TRUE(market.advisers.row.empty());
    EXPECT_EQ(market.firm_index.at("F9"), 1U);
}

TEST(RowOrder, FaultsNameTheRowsThatWereGiven) {
    Tables tables = bare_market();
    tables["firms"] = table({{"firm_id", texts({"F10", "F9", "F1", "F9"})},
                             {"commune", texts({"69123", "nowhere", "42218", "69123"})},
                             {"need_web", numbers({9, 2, 8, 1})}});
    std::vector<Fault> faults;
    (void)testing::build_market(tables, faults);
    std::vector<std::pair<std::string, std::int64_t>> found;
    for (const Fault& f : faults) found.emplace_back(f.column + " " + f.value, f.row);
    EXPECT_EQ(
        found,
        (std::vector<std::pair<std::string, std::int64_t>>{
            {"firm_id F9", 3}, {"commune nowhere", 1}, {"need_web 9", 0}, {"need_web 8", 2}}));
    EXPECT_NE(faults[0].problem.find("by row 1"), std::string::npos) << faults[0].problem;
}

}  // namespace
}  // namespace libmatch
