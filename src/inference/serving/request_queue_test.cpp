#include "inference/serving/request_queue.h"

#include <gtest/gtest.h>

namespace vedette::inference::serving {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kNow{seconds(1000)};
constexpr BatchRule kFour{.max_rows = 4};

class Queue : public ::testing::Test {
 protected:
  RequestQueue::Item call(std::int64_t rows, milliseconds arrived = {},
                          milliseconds allowed = seconds(10), std::string input = "x") {
    auto made = std::make_shared<Call>();
    made->owned = {
        {std::move(input), DataType::uint8, {rows}, Bytes(static_cast<std::size_t>(rows))}};
    made->views = views_of(made->owned);
    made->inputs = made->views;
    made->arrived = kNow + arrived;
    made->deadline = made->arrived + allowed;
    return made;
  }
  std::vector<RequestQueue::Item> pushed(RequestQueue& queue,
                                         const std::vector<std::int64_t>& rows) {
    std::vector<RequestQueue::Item> items;
    for (const std::int64_t count : rows) {
      items.push_back(call(count));
      EXPECT_TRUE(queue.push(items.back()));
    }
    return items;
  }
};

TEST_F(Queue, RefusesMoreThanItsCapacity) {
  RequestQueue queue(2, {});
  pushed(queue, {1, 1});
  EXPECT_FALSE(queue.push(call(1)));
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue.take_batch().size(), 1U);
  EXPECT_TRUE(queue.push(call(1)));
}

TEST_F(Queue, ACapacityOfZeroTakesNothing) {
  RequestQueue queue(0, {});
  EXPECT_FALSE(queue.push(call(1)));
}

TEST_F(Queue, WhoseDeadlineHasComeIsTakenOut) {
  RequestQueue queue(8, {});
  const auto early = call(1, {}, milliseconds(5)), late = call(1, {}, milliseconds(9));
  ASSERT_TRUE(queue.push(late) && queue.push(early));
  EXPECT_TRUE(queue.take_expired(kNow + milliseconds(4)).empty());
  EXPECT_EQ(queue.take_expired(kNow + milliseconds(5)), RequestQueue::Items{early});
  EXPECT_EQ(queue.take_batch(), RequestQueue::Items{late});
}

TEST_F(Queue, WhoIsRemovedIsNotTaken) {
  RequestQueue queue(8, kFour);
  const auto items = pushed(queue, {1, 1, 1});
  EXPECT_TRUE(queue.remove(*items[1]));
  EXPECT_FALSE(queue.remove(*items[1]));
  EXPECT_EQ(queue.take_batch(), (RequestQueue::Items{items[0], items[2]}));
}

TEST_F(Queue, WithoutBatchesTheOldestComesFirst) {
  RequestQueue queue(8, {});
  const auto items = pushed(queue, {1, 1});
  EXPECT_EQ(queue.take_batch(), RequestQueue::Items{items[0]});
  EXPECT_EQ(queue.take_batch(), RequestQueue::Items{items[1]});
  EXPECT_TRUE(queue.take_batch().empty());
}

TEST_F(Queue, ABatchKeepsToItsRows) {
  RequestQueue queue(8, kFour);
  const auto items = pushed(queue, {2, 1, 2, 1, 1});
  EXPECT_EQ(queue.take_batch(), (RequestQueue::Items{items[0], items[1], items[3]}));
  EXPECT_EQ(queue.take_batch(), (RequestQueue::Items{items[2], items[4]}));
}

TEST_F(Queue, ARequestLargerThanABatchGoesAlone) {
  RequestQueue queue(8, kFour);
  const auto items = pushed(queue, {9, 1});
  EXPECT_EQ(queue.take_batch(), RequestQueue::Items{items[0]});
  EXPECT_EQ(queue.take_batch(), RequestQueue::Items{items[1]});
}

TEST_F(Queue, WhoCannotJoinKeepsItsPlace) {
  RequestQueue queue(8, kFour);
  const auto first = call(1), other = call(1, {}, seconds(1), "z"), last = call(1);
  ASSERT_TRUE(queue.push(first) && queue.push(other) && queue.push(last));
  EXPECT_EQ(queue.take_batch(), (RequestQueue::Items{first, last}));
  EXPECT_EQ(queue.take_batch(), RequestQueue::Items{other});
}

TEST_F(Queue, AFullBatchWaitsForNobody) {
  RequestQueue queue(8, kFour);
  EXPECT_EQ(queue.company_until(milliseconds(3)), std::nullopt);
  pushed(queue, {2, 2});
  EXPECT_EQ(queue.company_until(milliseconds(3)), std::nullopt);
}

TEST_F(Queue, NobodyIsDelayedForOthersWhoCannotJoin) {
  RequestQueue queue(8, kFour);
  ASSERT_TRUE(queue.push(call(1)) && queue.push(call(1, {}, seconds(1), "z")));
  EXPECT_EQ(queue.company_until(milliseconds(3)), std::nullopt);
}

TEST_F(Queue, TheOldestDecidesHowLongABatchWaits) {
  RequestQueue queue(8, kFour);
  ASSERT_TRUE(queue.push(call(1)) && queue.push(call(1, milliseconds(2))));
  EXPECT_EQ(queue.company_until(milliseconds(3)), kNow + milliseconds(3));
}

TEST_F(Queue, NobodyWaitsLongerThanHalfOfItsTime) {
  RequestQueue queue(8, kFour);
  ASSERT_TRUE(queue.push(call(1)) && queue.push(call(1, {}, milliseconds(4))));
  EXPECT_EQ(queue.company_until(milliseconds(3)), kNow + milliseconds(2));
}

}  // namespace
}  // namespace vedette::inference::serving
