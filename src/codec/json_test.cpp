#include "codec/json.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace vedette::codec {
namespace {

Json sample() {
  Json json;
  json.set("text", "a").set("count", 7).set("ratio", 0.5).set("on", true).set("none", nullptr);
  json.set("list", Json::Array{1, 2}).set("inner", Json::Object{{"x", 1}});
  return json;
}

template <class T>
std::string refusal_of(const Result<T>& result) {
  return result.has_value() ? "accepted" : result.error().code + " " + result.error().cause;
}

TEST(Json, RefusesAMissingMemberByItsName) {
  EXPECT_EQ(refusal_of(sample().string("gone")), "JSON-MEMBER 'gone' must be a string");
  EXPECT_EQ(refusal_of(sample().integer("gone")), "JSON-MEMBER 'gone' must be an integer");
  EXPECT_EQ(refusal_of(sample().boolean("gone")), "JSON-MEMBER 'gone' must be true or false");
  EXPECT_EQ(refusal_of(sample().object("gone")), "JSON-MEMBER 'gone' must be an object");
  EXPECT_EQ(refusal_of(sample().array("gone")), "JSON-MEMBER 'gone' must be an array");
}

TEST(Json, RefusesAMemberOfAnotherKind) {
  const Json json = sample();
  for (const char* name : {"count", "ratio", "on", "none", "list", "inner"})
    EXPECT_FALSE(json.string(name).has_value()) << name;
  for (const char* name : {"text", "ratio", "on", "none", "list", "inner"})
    EXPECT_FALSE(json.integer(name).has_value()) << name;
  for (const char* name : {"text", "count", "ratio", "none", "list", "inner"})
    EXPECT_FALSE(json.boolean(name).has_value()) << name;
  for (const char* name : {"text", "count", "ratio", "on", "none", "list"})
    EXPECT_FALSE(json.object(name).has_value()) << name;
  for (const char* name : {"text", "count", "ratio", "on", "none", "inner"})
    EXPECT_FALSE(json.array(name).has_value()) << name;
}

TEST(Json, HasNoMembersWhenItIsNoObject) {
  for (const Json& json : {Json(), Json(1), Json("x"), Json(Json::Array{1})}) {
    EXPECT_EQ(json.find("x"), nullptr);
    EXPECT_FALSE(json.string("x").has_value());
    EXPECT_FALSE(json.only({"x"}).has_value());
  }
}

TEST(Json, RefusesMembersThatNobodyAskedFor) {
  const Json json = Json::Object{{"a", 1}, {"b", 2}};
  EXPECT_TRUE(json.only({"b", "a", "c"}).has_value());
  EXPECT_EQ(refusal_of(json.only({"a"})), "JSON-MEMBER 'b'");
  EXPECT_TRUE(Json(Json::Object()).only({}).has_value());
}

TEST(Json, GivesMembersOfTheRightKind) {
  const Json json = sample();
  EXPECT_EQ(json.string("text"), "a");
  EXPECT_EQ(json.integer("count"), 7);
  EXPECT_EQ(json.boolean("on"), true);
  EXPECT_EQ((*json.object("inner"))->integer("x"), 1);
  EXPECT_EQ((*json.array("list"))->if_array()->size(), 2U);
}

TEST(Json, SetReplacesInPlace) {
  Json json = Json::Object{{"a", 1}, {"b", 2}};
  json.set("a", 3).set("c", 4);
  EXPECT_EQ(json, (Json(Json::Object{{"a", 3}, {"b", 2}, {"c", 4}})));
}

TEST(Json, SetOnAnotherKindIsAFaultOfTheCaller) {
  Json json = 7;
  EXPECT_THROW(json.set("a", 1), std::logic_error);
}

TEST(Json, KeepsUnsignedNumbersThatFitAsIntegers) {
  EXPECT_EQ(*Json(std::uint64_t{1} << 62U).if_integer(), std::int64_t{1} << 62U);
  EXPECT_EQ(Json(std::uint64_t{1} << 63U).if_integer(), nullptr);
  EXPECT_EQ(*Json(std::uint64_t{1} << 63U).if_double(), 9223372036854775808.0);
  EXPECT_EQ(*Json(4294967295U).if_integer(), 4294967295);
}

}  // namespace
}  // namespace vedette::codec
