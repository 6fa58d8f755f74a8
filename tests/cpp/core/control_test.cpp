#include <gtest/gtest.h>

#include <libmatch/core/control.hpp>
#include <thread>
#include <vector>

namespace libmatch {
namespace {

using std::chrono::milliseconds;

TEST(Control, WithoutLimitNeverStops) {
    const Control control;
    EXPECT_FALSE(control.stop());
    EXPECT_FALSE(control.timed_out());
}

TEST(Control, TimeLimitStops) {
    const Control at_once(0.0);
    EXPECT_TRUE(at_once.stop());
    EXPECT_EQ(at_once.stop_status(), Status::time_limit);
    const Control soon(0.01), late(1e4);
    std::this_thread::sleep_for(milliseconds(15));
    EXPECT_TRUE(soon.stop());
    EXPECT_FALSE(late.stop());
    EXPECT_GE(soon.elapsed(), 0.015);
}

TEST(Control, AnyThreadMayCancelAndItStays) {
    Control control;
    std::jthread([&] { control.cancel(); }).join();
    EXPECT_TRUE(control.stop());
    EXPECT_TRUE(control.cancelled());
    EXPECT_EQ(control.stop_status(), Status::cancelled);
}

TEST(Control, CancelledWinsOverTimeLimit) {
    Control control(0.0);
    control.cancel();
    EXPECT_EQ(control.stop_status(), Status::cancelled);
}

TEST(Control, ListenerMayCancel) {
    int calls = 0;
    Control control(std::nullopt, [&](const Progress& p) {
        ++calls;
        return p.done < 0.5;
    });
    control.report("a", 0.1);
    EXPECT_FALSE(control.stop());
    control.report("b", 0.9);
    EXPECT_TRUE(control.stop());
    EXPECT_EQ(calls, 2);
}

TEST(Control, ReportsSeldomButEachStageAndItsEnd) {
    std::vector<std::string> seen;
    Control control(std::nullopt, [&](const Progress& p) {
        seen.push_back(std::string(p.stage) + (p.done >= 1 ? " end" : ""));
        EXPECT_GE(p.elapsed, 0);
        return true;
    });
    for (int k = 0; k < 1'000; ++k) control.report("score", 0.001 * k);
    control.report("score", 1);
    control.report("assign", 0);
    EXPECT_LE(seen.size(), 5U);
    EXPECT_EQ(seen.front(), "score");
    EXPECT_EQ(seen.end()[-2], "score end");
    EXPECT_EQ(seen.back(), "assign");
}

TEST(Control, EtaFollowsTheShareDone) {
    std::vector<double> eta;
    Control control(std::nullopt, [&](const Progress& p) {
        eta.push_back(p.eta);
        return true;
    });
    control.report("pool", 0);
    std::this_thread::sleep_for(milliseconds(120));
    control.report("pool", 0.25);
    ASSERT_EQ(eta.size(), 2U);
    EXPECT_EQ(eta[0], -1) << "unknown at the start";
    EXPECT_GE(eta[1], 0.36);  // three quarters are left after a quarter in 0.12 s
}

TEST(Status, NamesArePublic) {
    EXPECT_EQ(name(Status::optimal), "optimal");
    EXPECT_EQ(name(Status::within_gap), "within_gap");
    EXPECT_EQ(name(Status::time_limit), "time_limit");
    EXPECT_EQ(name(Status::cancelled), "cancelled");
    EXPECT_EQ(name(Status::infeasible), "infeasible");
}

}  // namespace
}  // namespace libmatch
