#include <gtest/gtest.h>

#include <cpp/support/small_market.hpp>
#include <libmatch/model/certificate.hpp>
#include <libmatch/model/table.hpp>
#include <libmatch/model/table_reader.hpp>

namespace libmatch {
namespace {

TEST(TextColumn, HoldsTexts) {
    TextColumn column;
    EXPECT_EQ(column.size(), 0U);
    for (const char* text : {"un", "", "déjà"}) column.push_back(text);
    ASSERT_EQ(column.size(), 3U);
    EXPECT_EQ(column[0], "un");
    EXPECT_EQ(column[1], "");
    EXPECT_EQ(column[2], "déjà");
    EXPECT_EQ(column.offsets(), (std::vector<std::int64_t>{0, 2, 2, 8}));
    EXPECT_EQ(TextColumn({}, "").size(), 0U) << "no offsets at all";
}

TEST(Table, FindsColumnsByNameAndType) {
    const Table t = table({{"a", texts({"x", "y"})}, {"b", numbers({1, 2})}});
    EXPECT_EQ(t.rows(), 2U);
    EXPECT_NE(t.text("a"), nullptr);
    EXPECT_EQ(t.number("a"), nullptr);
    EXPECT_NE(t.number("b"), nullptr);
    EXPECT_EQ(t.find("c"), nullptr);
    EXPECT_EQ(Table().rows(), 0U);
}

TEST(ListItems, AreTrimmed) {
    using Items = std::vector<std::string_view>;
    EXPECT_EQ(list_items(""), Items{});
    EXPECT_EQ(list_items(" ; ;"), Items{});
    EXPECT_EQ(list_items("fr"), Items{"fr"});
    EXPECT_EQ(list_items(" fr ;en;; de moi ;"), (Items{"fr", "en", "de moi"}));
}

TEST(NumberText, IsWhatAPersonWrites) {
    EXPECT_EQ(number_text(3), "3");
    EXPECT_EQ(number_text(-2.5), "-2.5");
    EXPECT_EQ(number_text(300'000), "300000");
    EXPECT_EQ(number_text(HUGE_VAL), "inf");
}

TEST(Certificate, GapIsRelativeToTheBound) {
    Certificate c;
    EXPECT_EQ(c.gap(), 0);
    c.objective = 99;
    c.bound = 100;
    EXPECT_DOUBLE_EQ(c.gap(), 0.01);
    c.objective = -101;
    c.bound = -100;
    EXPECT_DOUBLE_EQ(c.gap(), 0.01);
    c.bound = 0;
    EXPECT_EQ(c.gap(), HUGE_VAL);
}

TEST(Certificate, StatusFollowsTheGap) {
    EXPECT_EQ(status_for(0, 1e-4), Status::optimal);
    EXPECT_EQ(status_for(1e-4, 1e-4), Status::within_gap);
    EXPECT_EQ(status_for(2e-4, 1e-4), Status::time_limit);
}

}  // namespace
}  // namespace libmatch
