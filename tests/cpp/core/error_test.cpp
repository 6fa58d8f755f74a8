#include <gtest/gtest.h>

#include <libmatch/core/error.hpp>

namespace libmatch {
namespace {

Fault fault(std::int64_t row) {
    return {Fault::Severity::error, "firms", row, "naf", "6x", "this is no NAF code",
            "write it like 62.01Z"};
}

TEST(Fault, TextNamesEveryPart) {
    EXPECT_EQ(fault(7).text(),
              "firms row 7 column naf value '6x': this is no NAF code; write it like 62.01Z");
}

TEST(Fault, TextLeavesOutWhatIsNotThere) {
    EXPECT_EQ((Fault{Fault::Severity::warning, "firms", -1, "", "", "there is no firm", ""}.text()),
              "firms: there is no firm");
}

TEST(InputError, ListsItsFaults) {
    const InputError one(fault(1));
    EXPECT_EQ(one.faults().size(), 1U);
    EXPECT_EQ(std::string(one.what()), "1 fault\n  " + fault(1).text());
    const InputError two({fault(1), fault(2)});
    EXPECT_EQ(std::string(two.what()), "2 faults\n  " + fault(1).text() + "\n  " + fault(2).text());
}

TEST(InputError, KeepsAllFaultsButShowsTwenty) {
    const InputError many(std::vector<Fault>(33, fault(1)));
    EXPECT_EQ(many.faults().size(), 33U);
    const std::string text = many.what();
    EXPECT_NE(text.find("33 faults"), std::string::npos);
    EXPECT_NE(text.find("and 13 more"), std::string::npos);
}

TEST(InputError, IsAnInvalidArgument) {
    EXPECT_THROW(throw InputError(fault(0)), std::invalid_argument);
}

}  // namespace
}  // namespace libmatch
