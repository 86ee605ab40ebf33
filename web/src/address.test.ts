import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress, toggle } from "./address";

describe("the address", () => {
  it("names accounts and back end", () => {
    expect(parseAddress("?account=alice,bob&backend=http://127.0.0.1:5912/x")).toEqual({
      accounts: ["alice", "bob"],
      backend: "http://127.0.0.1:5912",
    });
  });

  it.each(["", "?account=", "?account=,,%20", "?account=<b>,../x"])(
    "shows nobody for %j",
    (search) => expect(parseAddress(search).accounts).toEqual([]),
  );

  it("shows each account once, and not more than fit", () => {
    expect(parseAddress("?account=a,a,b,c,d,e").accounts).toEqual(["a", "b", "c", "d"]);
  });

  it.each(["nonsense", "javascript:alert(1)", "file:///etc"])(
    "does not talk to a back end at %j",
    (backend) => {
      const search = `?account=a&backend=${encodeURIComponent(backend)}`;
      expect(parseAddress(search).backend).toBe("http://127.0.0.1:5002");
    },
  );

  it("survives being written and read", () => {
    for (const search of ["?account=alice", "?account=a,b&backend=http://127.0.0.1:1"]) {
      expect(formatAddress(parseAddress(search))).toBe(search);
    }
  });
});

describe("the picker", () => {
  it("adds and removes", () => {
    expect(toggle(["alice"], "bob")).toEqual(["alice", "bob"]);
    expect(toggle(["alice", "bob"], "alice")).toEqual(["bob"]);
  });
  it("never leaves the desk empty", () => expect(toggle(["alice"], "alice")).toEqual(["alice"]));
  it("makes room at the limit", () => {
    expect(toggle(["a", "b", "c", "d"], "e")).toEqual(["b", "c", "d", "e"]);
  });
});
