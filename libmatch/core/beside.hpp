// Work in a thread of its own, beside what the calling thread does: other work, or to listen for a
// cancel however seldom the work reports.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

#include <libmatch/core/control.hpp>

namespace libmatch {

/// Starts at once. Whoever does not wait for the end cancels the work.
class Beside {
  public:
    using Work = std::function<void(Control&)>;

    /// The work stops when `whole` stops.
    Beside(const Control& whole, Work work) : Beside(whole, false, std::move(work)) {}
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;
    ~Beside() { control_.cancel(); }

    /// Returns when the work has ended, and throws what it threw. Until then reports its progress
    /// to `control`, so that the caller's listener can cancel the whole.
    void wait(Control& control, std::string_view stage) {
        std::unique_lock lock(mutex_);
        while (!changed_.wait_for(lock, beat, [&] { return over_; }))
            control.report(stage, control_.done());
        if (failure_) std::rethrow_exception(failure_);
    }

    /// Does the work, in a thread of its own if anybody listens: the calling thread passes on what
    /// the work reports, which waits for the answer, and asks again in between.
    template <class Task>
    static auto watched(Control& control, const Task& task) {
        using Result = std::invoke_result_t<const Task&, Control&>;
        if (!control.listens()) return task(control);
        std::optional<Result> result;
        Beside work(control, true, [&](Control& own) { result.emplace(task(own)); });
        work.pass_on(control);
        return std::move(*result);
    }

  private:
    static constexpr std::chrono::milliseconds beat{20};
    struct News {
        std::string stage;
        double done = 0;
    };

    /// `tells`: pass_on() will pass on what the work reports.
    Beside(const Control& whole, bool tells, Work work)
        : control_(&whole, tells ? Control::Listener([this](const Progress& p) { return tell(p); })
                                 : Control::Listener()),
          thread_([this, work = std::move(work)] { run(work); }) {}

    /// In the thread of the work.
    bool tell(const Progress& p) {
        std::unique_lock lock(mutex_);
        news_ = News{std::string(p.stage), p.done};
        changed_.notify_all();
        changed_.wait(lock, [&] { return !news_ || deaf_; });
        return true;  // whoever cancels, cancels the whole
    }

    void pass_on(Control& control) {
        News last;
        try {
            std::unique_lock lock(mutex_);
            while (changed_.wait_for(lock, beat, [&] { return over_ || news_; }), !over_) {
                const bool told = news_.has_value();
                if (told) last = *news_;
                lock.unlock();
                if (!last.stage.empty())
                    control.report(last.stage, told ? last.done : control_.done());
                lock.lock();
                if (!told) continue;
                news_.reset();
                changed_.notify_all();
            }
        } catch (...) {
            control_.cancel();
            const std::lock_guard lock(mutex_);
            deaf_ = true;
            changed_.notify_all();
            throw;
        }
        if (failure_) std::rethrow_exception(failure_);
    }

    void run(const Work& work) {
        try {
            work(control_);
        } catch (...) {
            failure_ = std::current_exception();
        }
        const std::lock_guard lock(mutex_);
        over_ = true;
        changed_.notify_all();
    }

    Control control_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<News> news_;  ///< what the work waits to hear the answer to
    bool deaf_ = false;         ///< nobody will answer any more
    bool over_ = false;
    std::exception_ptr failure_;
    std::jthread thread_;  ///< last: it ends before what it uses
};

}  // namespace libmatch
