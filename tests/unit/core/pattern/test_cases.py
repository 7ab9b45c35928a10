"""The filter language, case by case: what EventBridge's and Event Ruler's documents and sources say.

A line: the pattern, a record that matches (✓) or does not (✗). Patterns and records are JSON text, so that
nothing is lost on the way; `json.loads` reads the record as a handler would.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from ddbinsert.core.pattern.matcher import compile_pattern

#: title → pattern → (records that match, records that do not)
CASES: dict[str, dict[str, tuple[list[str], list[str]]]] = {
    "exact strings are typed and case-sensitive": {
        '{"a":["x"]}': (
            ['{"a":"x"}', '{"a":"x","b":1}'],
            ['{"a":"X"}', '{"a":"x "}', '{"a":"xx"}', '{"a":""}', '{"a":null}', '{"a":1}', '{"b":"x"}', "{}"],
        ),
        '{"a":["x","y"]}': (['{"a":"x"}', '{"a":"y"}'], ['{"a":"z"}', '{"a":"xy"}']),
        '{"a":["1"]}': (['{"a":"1"}'], ['{"a":1}', '{"a":true}']),
        '{"a":["true"]}': (['{"a":"true"}'], ['{"a":true}']),
        '{"a":["null"]}': (['{"a":"null"}'], ['{"a":null}', "{}"]),
        '{"a":[""]}': (['{"a":""}'], ['{"a":null}', '{"a":" "}', "{}", '{"a":[]}', '{"a":{}}']),
        '{"a":["é"]}': (['{"a":"é"}', '{"a":"\\u00e9"}'], ['{"a":"e\\u0301"}', '{"a":"É"}']),
        '{"a":["\\ud83d\\ude00"]}': (['{"a":"😀"}'], ['{"a":"\\ud83d"}']),
        '{"a":["a\\"b"]}': (['{"a":"a\\"b"}'], ['{"a":"ab"}']),
        '{"a":["*"]}': (['{"a":"*"}'], ['{"a":"x"}', '{"a":""}']),
        '{"a":["k1","k2","k3","k4","k5","k6","k7","k8","k9"]}': (
            ['{"a":"k1"}', '{"a":"k9"}', '{"a":["x","k5"]}'],
            ['{"a":"k"}', '{"a":1}', '{"a":["x"]}', '{"a":{"k1":1}}'],
        ),
        '{"a":[{"exactly":"x"}]}': (['{"a":"x"}'], ['{"a":"y"}']),
    },
    "true, false and null are themselves": {
        '{"a":[true]}': (
            ['{"a":true}', '{"a":[false,true]}'],
            ['{"a":1}', '{"a":1.0}', '{"a":"true"}', '{"a":false}', "{}"],
        ),
        '{"a":[false]}': (['{"a":false}'], ['{"a":0}', '{"a":0.0}', '{"a":null}', '{"a":""}', "{}"]),
        '{"a":[null]}': (
            ['{"a":null}', '{"a":[1,null]}'],
            ['{"a":[]}', "{}", '{"a":{}}', '{"a":"null"}', '{"a":0}', '{"a":false}', '{"a":""}'],
        ),
        '{"a":{"b":[null]}}': (['{"a":{"b":null}}'], ['{"a":{}}', '{"a":null}', '{"a":{"b":[]}}', "{}"]),
    },
    "numbers are equal by value, and bool is none": {
        '{"a":[300]}': (
            ['{"a":300}', '{"a":300.0}', '{"a":3e2}', '{"a":3.0e2}', '{"a":0.3e3}', '{"a":3000e-1}'],
            ['{"a":"300"}', '{"a":301}', '{"a":300.0000001}', '{"a":true}'],
        ),
        '{"a":[300.0]}': (['{"a":300}', '{"a":3e2}'], ['{"a":"300.0"}']),
        '{"a":[3e2]}': (['{"a":300}', '{"a":300.0}'], ['{"a":30}']),
        '{"a":[1]}': (['{"a":1}', '{"a":1.0}'], ['{"a":true}', '{"a":"1"}']),
        '{"a":[0]}': (
            ['{"a":0}', '{"a":-0}', '{"a":0.0}', '{"a":-0.0}'],
            ['{"a":false}', '{"a":null}', "{}"],
        ),
        '{"a":[-0]}': (['{"a":0}', '{"a":-0.0}'], ['{"a":1}']),
        '{"a":[-1.5]}': (['{"a":-1.5}', '{"a":-15e-1}'], ['{"a":1.5}']),
        '{"a":[0.1]}': (['{"a":0.1}', '{"a":0.1000}', '{"a":1e-1}'], ['{"a":0.10000001}']),
        '{"a":[0.3]}': (['{"a":0.3}'], ['{"a":0.30000000000000004}']),
        '{"a":[9007199254740993]}': (
            ['{"a":9007199254740993}'],
            ['{"a":9007199254740992}', '{"a":9007199254740994}'],
        ),
        '{"a":[9007199254740992]}': (['{"a":9007199254740992}'], ['{"a":9007199254740993}']),
        '{"a":[123456789012345678901234567890]}': (
            ['{"a":123456789012345678901234567890}'],
            ['{"a":123456789012345678901234567891}', '{"a":1.2345678901234568e29}'],
        ),
        '{"a":[1e22]}': (['{"a":1e22}', '{"a":10000000000000000000000}'], ['{"a":10000000000000000000001}']),
        '{"a":[1e23]}': (['{"a":1e23}', '{"a":100000000000000000000000}'], ['{"a":99999999999999991611392}']),
        '{"a":[1e400]}': ([f'{{"a":1{"0" * 400}}}'], ['{"a":1e308}', '{"a":1e400}']),
        '{"a":[1e999999999]}': ([], ['{"a":1e999}', '{"a":1}']),
        '{"a":[-1e999999999]}': ([], ['{"a":-1e999}']),
        '{"a":[1e-400]}': ([], ['{"a":0}', '{"a":1e-400}']),
        '{"a":[123456789012]}': (['{"a":123456789012}'], ['{"a":"123456789012"}']),
        '{"a":[1,"x",true]}': (['{"a":1}', '{"a":"x"}', '{"a":true}'], ['{"a":"1"}', '{"a":false}']),
        '{"a":[1,2,2.5]}': (['{"a":2}', '{"a":2.50}'], ['{"a":3}', '{"a":true}']),
    },
    "prefix": {
        '{"a":[{"prefix":"ab"}]}': (
            ['{"a":"ab"}', '{"a":"abc"}', '{"a":["x","abc"]}'],
            ['{"a":"a"}', '{"a":"Ab"}', '{"a":"xab"}', '{"a":null}', '{"a":12}', "{}", '{"a":{"ab":1}}'],
        ),
        '{"a":[{"prefix":""}]}': (
            ['{"a":""}', '{"a":"x"}'],
            ['{"a":1}', '{"a":null}', '{"a":true}', "{}", '{"a":[]}'],
        ),
        '{"a":[{"prefix":"1"}]}': (['{"a":"1"}', '{"a":"12"}'], ['{"a":1}', '{"a":12}']),
        '{"a":[{"prefix":"x"},{"prefix":"y"}]}': (['{"a":"x1"}', '{"a":"y1"}'], ['{"a":"z"}']),
        '{"a":[{"prefix":{"equals-ignore-case":"aB"}}]}': (
            ['{"a":"ab"}', '{"a":"ABc"}', '{"a":"aBC"}'],
            ['{"a":"a"}', '{"a":"xab"}', '{"a":1}', '{"a":null}'],
        ),
        '{"a":[{"prefix":{"equals-ignore-case":""}}]}': (['{"a":""}', '{"a":"x"}'], ['{"a":1}', "{}"]),
    },
    "suffix": {
        '{"a":[{"suffix":".png"}]}': (
            ['{"a":".png"}', '{"a":"x.png"}'],
            ['{"a":"png"}', '{"a":"x.PNG"}', '{"a":"x.png "}', '{"a":null}', '{"a":1}', "{}"],
        ),
        '{"a":[{"suffix":""}]}': (['{"a":""}', '{"a":"x"}'], ['{"a":1}', '{"a":null}', "{}"]),
        '{"a":[{"suffix":"a"},{"suffix":"b"}]}': (['{"a":"xa"}', '{"a":"xb"}'], ['{"a":"ax"}']),
        '{"a":[{"suffix":{"equals-ignore-case":".Png"}}]}': (
            ['{"a":"x.png"}', '{"a":"x.PNG"}'],
            ['{"a":"x.pngs"}', '{"a":"png"}', '{"a":7}'],
        ),
        '{"a":[{"suffix":"\\n"}]}': (['{"a":"x\\n"}'], ['{"a":"x"}']),
    },
    "equals-ignore-case takes each character's lower or upper case": {
        '{"a":[{"equals-ignore-case":"Alice"}]}': (
            ['{"a":"alice"}', '{"a":"ALICE"}', '{"a":"aLiCe"}', '{"a":["bob","ALICE"]}'],
            ['{"a":"alice "}', '{"a":"alic"}', '{"a":null}', '{"a":1}', "{}"],
        ),
        '{"a":[{"equals-ignore-case":""}]}': (['{"a":""}'], ['{"a":" "}', '{"a":null}', "{}"]),
        '{"a":[{"equals-ignore-case":"ÉTÉ"}]}': (['{"a":"été"}', '{"a":"Été"}'], ['{"a":"ete"}']),
        '{"a":[{"equals-ignore-case":"straße"}]}': (
            ['{"a":"straße"}', '{"a":"STRASSE"}', '{"a":"STRAßE"}'],
            ['{"a":"strasse"}'],
        ),
        '{"a":[{"equals-ignore-case":"k"}]}': (['{"a":"K"}'], ['{"a":"\u212a"}']),
        '{"a":[{"equals-ignore-case":"\\u03c3"}]}': (
            ['{"a":"\\u03a3"}', '{"a":"\\u03c3"}'],
            ['{"a":"\\u03c2"}'],
        ),
        '{"a":[{"equals-ignore-case":"1.5"}]}': (['{"a":"1.5"}'], ['{"a":1.5}', '{"a":"1x5"}']),
        '{"a":[{"equals-ignore-case":"true"}]}': (['{"a":"TRUE"}'], ['{"a":true}']),
    },
    "a wildcard's star is any run, also none": {
        '{"a":[{"wildcard":"*"}]}': (
            ['{"a":""}', '{"a":"x"}', '{"a":"a\\nb"}'],
            ['{"a":1}', '{"a":null}', "{}"],
        ),
        '{"a":[{"wildcard":"a*"}]}': (['{"a":"a"}', '{"a":"ab"}'], ['{"a":""}', '{"a":"ba"}']),
        '{"a":[{"wildcard":"*a"}]}': (['{"a":"a"}', '{"a":"ba"}'], ['{"a":"ab"}']),
        '{"a":[{"wildcard":"a*b"}]}': (
            ['{"a":"ab"}', '{"a":"axb"}', '{"a":"abb"}', '{"a":"a*b"}'],
            ['{"a":"a"}', '{"a":"b"}', '{"a":"abc"}', '{"a":"xab"}'],
        ),
        '{"a":[{"wildcard":"a*a"}]}': (['{"a":"aa"}', '{"a":"aba"}', '{"a":"aaa"}'], ['{"a":"a"}']),
        '{"a":[{"wildcard":"*b*"}]}': (
            ['{"a":"b"}', '{"a":"abc"}'],
            ['{"a":"ac"}', '{"a":""}', '{"a":["x"]}'],
        ),
        '{"a":[{"wildcard":"a*b*c"}]}': (
            ['{"a":"abc"}', '{"a":"aXbYc"}', '{"a":"abcbc"}'],
            ['{"a":"acb"}', '{"a":"ac"}', '{"a":"abcd"}'],
        ),
        '{"a":[{"wildcard":"ab*ba"}]}': (['{"a":"abba"}', '{"a":"abXba"}'], ['{"a":"aba"}']),
        '{"a":[{"wildcard":"*ab*ab*"}]}': (
            ['{"a":"abab"}', '{"a":"xabyabz"}'],
            ['{"a":"ab"}', '{"a":"aba"}'],
        ),
        '{"a":[{"wildcard":""}]}': (['{"a":""}'], ['{"a":"x"}', '{"a":null}']),
        '{"a":[{"wildcard":"plain"}]}': (['{"a":"plain"}'], ['{"a":"plai"}']),
        '{"a":[{"wildcard":"a\\\\*b"}]}': (['{"a":"a*b"}'], ['{"a":"ab"}', '{"a":"axb"}', '{"a":"a\\\\*b"}']),
        '{"a":[{"wildcard":"a\\\\\\\\b"}]}': (['{"a":"a\\\\b"}'], ['{"a":"ab"}', '{"a":"a\\\\\\\\b"}']),
        '{"a":[{"wildcard":"a\\\\\\\\*"}]}': (['{"a":"a\\\\"}', '{"a":"a\\\\x"}'], ['{"a":"a*"}']),
        '{"a":[{"wildcard":"\\\\**"}]}': (['{"a":"*"}', '{"a":"*x"}'], ['{"a":"x"}', '{"a":""}']),
        '{"a":[{"wildcard":"*\\\\*"}]}': (['{"a":"*"}', '{"a":"x*"}'], ['{"a":"*x"}']),
        '{"a":[{"wildcard":"a?[b].*"}]}': (['{"a":"a?[b]."}', '{"a":"a?[b].x"}'], ['{"a":"axb.x"}']),
        '{"a":[{"wildcard":"*:*:event-bus/*"}]}': (
            ['{"a":"arn:aws:event-bus/x"}'],
            ['{"a":"arn:event-bus/x"}'],
        ),
    },
    "anything-but: a present leaf of any type, other than these": {
        '{"a":[{"anything-but":"x"}]}': (
            ['{"a":"y"}', '{"a":""}', '{"a":"X"}', '{"a":1}', '{"a":null}', '{"a":true}', '{"a":1.5}'],
            ['{"a":"x"}', "{}", '{"a":[]}', '{"a":{}}', '{"a":{"b":1}}', '{"b":"y"}'],
        ),
        '{"a":[{"anything-but":["x","y"]}]}': (
            ['{"a":"z"}', '{"a":7}', '{"a":false}', '{"a":null}'],
            ['{"a":"x"}', '{"a":"y"}', "{}"],
        ),
        '{"a":[{"anything-but":5}]}': (
            ['{"a":6}', '{"a":"5"}', '{"a":true}', '{"a":null}', '{"a":5.1}'],
            ['{"a":5}', '{"a":5.0}', '{"a":5e0}', "{}"],
        ),
        '{"a":[{"anything-but":0}]}': (['{"a":789}', '{"a":false}', '{"a":""}'], ['{"a":0}', '{"a":-0.0}']),
        '{"a":[{"anything-but":1}]}': (['{"a":true}'], ['{"a":1.0}']),
        '{"a":[{"anything-but":[1,2]}]}': (['{"a":3}', '{"a":"1"}'], ['{"a":1}', '{"a":2.0}']),
        '{"a":[{"anything-but":""}]}': (['{"a":"x"}', '{"a":null}'], ['{"a":""}']),
        '{"a":[{"anything-but":"x"},{"anything-but":"y"}]}': (
            ['{"a":"x"}', '{"a":"y"}', '{"a":"z"}'],
            ["{}"],
        ),
        '{"a":[{"anything-but":"x"},"x"]}': (['{"a":"x"}', '{"a":"y"}'], ["{}"]),
        '{"a":[{"anything-but":"x"},{"exists":false}]}': (
            ['{"a":"y"}', "{}", '{"a":[]}', '{"a":{}}'],
            ['{"a":"x"}'],
        ),
    },
    "nested anything-but": {
        '{"a":[{"anything-but":{"prefix":"in"}}]}': (
            ['{"a":"x"}', '{"a":"i"}', '{"a":12}', '{"a":null}', '{"a":true}', '{"a":"IN"}', '{"a":""}'],
            ['{"a":"in"}', '{"a":"init"}', "{}", '{"a":[]}', '{"a":{"b":1}}'],
        ),
        '{"a":[{"anything-but":{"prefix":["in","te"]}}]}': (
            ['{"a":"x"}', '{"a":12}', '{"a":null}'],
            ['{"a":"init"}', '{"a":"test"}', "{}"],
        ),
        '{"a":[{"anything-but":{"suffix":".txt"}}]}': (
            ['{"a":"x.png"}', '{"a":".txt.bak"}', '{"a":null}', '{"a":0}'],
            ['{"a":"x.txt"}', "{}"],
        ),
        '{"a":[{"anything-but":{"suffix":[".txt",".rtf"]}}]}': (
            ['{"a":"x.png"}'],
            ['{"a":"x.txt"}', '{"a":"x.rtf"}'],
        ),
        '{"a":[{"anything-but":{"equals-ignore-case":"Init"}}]}': (
            ['{"a":"inits"}', '{"a":null}', '{"a":5}'],
            ['{"a":"INIT"}', '{"a":"init"}', "{}"],
        ),
        '{"a":[{"anything-but":{"equals-ignore-case":["Init","Stop"]}}]}': (
            ['{"a":"x"}'],
            ['{"a":"INIT"}', '{"a":"stop"}'],
        ),
        '{"a":[{"anything-but":{"equals-ignore-case":""}}]}': (['{"a":"x"}', '{"a":null}'], ['{"a":""}']),
        '{"a":[{"anything-but":{"wildcard":"*/dir/*"}}]}': (
            ['{"a":"/x/"}', '{"a":123}', '{"a":null}'],
            ['{"a":"x/dir/y"}', '{"a":"/dir/"}', "{}"],
        ),
        '{"a":[{"anything-but":{"wildcard":["*.a","*.b"]}}]}': (
            ['{"a":"x.c"}'],
            ['{"a":"x.a"}', '{"a":".b"}'],
        ),
        '{"a":[{"anything-but":{"wildcard":""}}]}': (['{"a":"x"}'], ['{"a":""}']),
        '{"a":[{"anything-but":{"wildcard":"*"}}]}': (['{"a":1}', '{"a":null}'], ['{"a":""}', '{"a":"x"}']),
    },
    "numeric works on JSON numbers only": {
        '{"a":[{"numeric":["=",300]}]}': (
            ['{"a":300}', '{"a":300.0}', '{"a":3e2}', '{"a":[1,300]}'],
            ['{"a":"300"}', '{"a":299.999999}', '{"a":null}', "{}"],
        ),
        '{"a":[{"numeric":["=",1]}]}': (['{"a":1}'], ['{"a":true}', '{"a":"1"}']),
        '{"a":[{"numeric":[">",0]}]}': (
            ['{"a":1}', '{"a":0.000001}', '{"a":5e9}', '{"a":6e9}', '{"a":1e300}'],
            ['{"a":0}', '{"a":-1}', '{"a":true}', '{"a":"1"}', '{"a":1e999}'],
        ),
        '{"a":[{"numeric":[">=",0]}]}': (
            ['{"a":0}', '{"a":-0.0}', '{"a":0.1}'],
            ['{"a":-0.1}', '{"a":false}'],
        ),
        '{"a":[{"numeric":["<",10]}]}': (
            ['{"a":9.999999}', '{"a":-1e10}'],
            ['{"a":10}', '{"a":10.0}', '{"a":-1e999}'],
        ),
        '{"a":[{"numeric":["<=",10]}]}': (['{"a":10}', '{"a":1e1}'], ['{"a":10.000001}']),
        '{"a":[{"numeric":[">",0,"<=",5]}]}': (
            ['{"a":5}', '{"a":0.5}'],
            ['{"a":0}', '{"a":5.000001}', '{"a":"3"}'],
        ),
        '{"a":[{"numeric":[">=",0,"<",5]}]}': (['{"a":0}', '{"a":4.9}'], ['{"a":5}', '{"a":-0.1}']),
        '{"a":[{"numeric":[">",-2.5,"<",-1.5]}]}': (['{"a":-2}'], ['{"a":-2.5}', '{"a":-1.5}', '{"a":2}']),
        '{"a":[{"numeric":["=",0.1]}]}': (['{"a":0.1}', '{"a":0.10}'], ['{"a":0.11}']),
        '{"a":[{"numeric":["<=",0.1]}]}': (['{"a":0.1}'], ['{"a":0.1000001}']),
        '{"a":[{"numeric":["<",1e23]}]}': (['{"a":9e22}'], ['{"a":1e23}', '{"a":100000000000000000000000}']),
        '{"a":[{"numeric":[">",0.3]}]}': (['{"a":0.30000000000000004}'], ['{"a":0.3}']),
        '{"a":[{"numeric":["=",-0]}]}': (['{"a":0}', '{"a":-0.0}'], ['{"a":false}']),
        '{"a":[{"numeric":["<",0]},{"numeric":[">",100]}]}': (['{"a":-1}', '{"a":101}'], ['{"a":50}']),
    },
    "cidr": {
        '{"a":[{"cidr":"10.0.0.0/24"}]}': (
            ['{"a":"10.0.0.0"}', '{"a":"10.0.0.255"}', '{"a":"010.000.000.007"}', '{"a":["x","10.0.0.1"]}'],
            [
                '{"a":"10.0.1.0"}',
                '{"a":"9.255.255.255"}',
                '{"a":"10.0.0"}',
                '{"a":"10.0.0.256"}',
                '{"a":"x"}',
                '{"a":167772160}',
                '{"a":null}',
                "{}",
                '{"a":" 10.0.0.1"}',
                '{"a":"10.0.0.1/32"}',
                '{"a":"::a00:1"}',
            ],
        ),
        '{"a":[{"cidr":"10.0.0.77/24"}]}': (['{"a":"10.0.0.0"}', '{"a":"10.0.0.255"}'], ['{"a":"10.0.1.1"}']),
        '{"a":[{"cidr":"10.0.0.1/31"}]}': (['{"a":"10.0.0.0"}', '{"a":"10.0.0.1"}'], ['{"a":"10.0.0.2"}']),
        '{"a":[{"cidr":"0.0.0.0/0"}]}': (
            ['{"a":"255.255.255.255"}', '{"a":"0.0.0.0"}'],
            ['{"a":"::1"}', '{"a":""}'],
        ),
        '{"a":[{"cidr":"2001:db8::/32"}]}': (
            ['{"a":"2001:db8::1"}', '{"a":"2001:0DB8:0:0:0:0:0:1"}'],
            ['{"a":"2001:db9::1"}', '{"a":"10.0.0.1"}', '{"a":"2001:db8::g"}', '{"a":"2001:db8::1%eth0"}'],
        ),
        '{"a":[{"cidr":"::/0"}]}': (['{"a":"::1"}'], ['{"a":"1.2.3.4"}', '{"a":":"}']),
    },
    "exists is about leaves": {
        '{"a":[{"exists":true}]}': (
            ['{"a":1}', '{"a":""}', '{"a":null}', '{"a":false}', '{"a":[0]}', '{"a":[[null]]}'],
            [
                "{}",
                '{"a":{}}',
                '{"a":{"b":1}}',
                '{"a":[]}',
                '{"a":[{}]}',
                '{"a":[{"b":1}]}',
                '{"a":[[]]}',
                '{"A":1}',
            ],
        ),
        '{"a":[{"exists":false}]}': (
            [
                "{}",
                '{"b":1}',
                '{"a":{}}',
                '{"a":{"b":1}}',
                '{"a":[]}',
                '{"a":[{}]}',
                '{"a":[{"b":1}]}',
                '{"a":[[],[]]}',
            ],
            ['{"a":1}', '{"a":null}', '{"a":""}', '{"a":[1]}', '{"a":[[0]]}', '{"a":[{"b":1},2]}'],
        ),
        '{"a":{"b":[{"exists":true}]}}': (
            ['{"a":{"b":1}}', '{"a":[{"b":1}]}', '{"a":[{},{"b":1}]}', '{"a":{"b":[{"c":1},2]}}'],
            ['{"a":{}}', '{"a":1}', "{}", '{"a":{"b":{"c":1}}}', '{"a":[{"c":1}]}', '{"a":{"b":[]}}'],
        ),
        '{"a":{"b":[{"exists":false}]}}': (
            [
                "{}",
                '{"a":{}}',
                '{"a":1}',
                '{"a":null}',
                '{"a":"x"}',
                '{"a":[]}',
                '{"a":{"b":{"c":1}}}',
                '{"a":{"b":[]}}',
                '{"a":[{"c":1},2]}',
                '{"a":{"b":{}}}',
                '{"b":1}',
            ],
            [
                '{"a":{"b":1}}',
                '{"a":{"b":null}}',
                '{"a":[{"b":1}]}',
                '{"a":[{"c":1},{"b":1}]}',
                '{"a":{"b":[1]}}',
            ],
        ),
        '{"a":[{"exists":true},{"exists":false}]}': (["{}", '{"a":1}', '{"a":{"b":1}}', '{"a":[]}'], []),
        '{"a":[{"exists":false},"x"]}': (["{}", '{"a":"x"}'], ['{"a":"y"}', '{"a":null}']),
        '{"a":[{"exists":true}],"b":[{"exists":false}]}': (['{"a":1}'], ['{"a":1,"b":1}', '{"b":1}', "{}"]),
    },
    "fields are ANDed, and other fields do not matter": {
        '{"a":["x"],"b":["y"]}': (
            ['{"a":"x","b":"y"}', '{"b":"y","a":"x","c":1}'],
            ['{"a":"x"}', '{"b":"y"}', '{"a":"y","b":"x"}', "{}"],
        ),
        '{"a":{"b":{"c":["x"]}}}': (
            ['{"a":{"b":{"c":"x","d":1}}}'],
            [
                '{"a":{"b":"x"}}',
                '{"a":{"c":"x"}}',
                '{"b":{"c":"x"}}',
                '{"a":{"b":{"c":{"d":"x"}}}}',
                '{"a":"x"}',
            ],
        ),
        '{"a":{"b":["x"],"c":["y"]}}': (
            ['{"a":{"b":"x","c":"y"}}'],
            ['{"a":{"b":"x"}}', '{"a":{"c":"y"},"b":"x"}'],
        ),
        '{"A":["x"]}': (['{"A":"x"}'], ['{"a":"x"}']),
        '{"":["x"]}': (['{"":"x"}'], ['{"a":"x"}', "{}"]),
        '{"a":{"":["x"]}}': (['{"a":{"":"x"}}', '{"a.":"x"}'], ['{"a":"x"}']),
    },
    "arrays match on any element": {
        '{"a":["x","y"]}': (
            ['{"a":["x"]}', '{"a":["z","y"]}', '{"a":[["x"]]}', '{"a":[1,null,"x"]}'],
            ['{"a":[]}', '{"a":["z"]}', '{"a":[{"b":"x"}]}', '{"a":[[]]}'],
        ),
        '{"a":[{"anything-but":"x"}]}': (
            ['{"a":["x","y"]}', '{"a":[["x"],[null]]}'],
            ['{"a":["x"]}', '{"a":[]}', '{"a":[[]]}'],
        ),
        '{"a":[{"anything-but":["x","y"]}]}': (['{"a":["x","z"]}'], ['{"a":["x","y"]}']),
        '{"a":[{"anything-but":{"prefix":"x"}}]}': (['{"a":["x1","y"]}'], ['{"a":["x1","x2"]}']),
        '{"a":[{"prefix":"x"}]}': (['{"a":["a","xb"]}'], ['{"a":["ax"]}', '{"a":[7]}']),
        '{"a":[{"numeric":[">",5]}]}': (['{"a":[1,6]}'], ['{"a":[1,2]}', '{"a":["6"]}']),
        '{"a":[{"numeric":[">",2,"<",4]}]}': (['{"a":[3]}'], ['{"a":[1,5]}']),
        '{"a":{"b":["x"]}}': (
            [
                '{"a":[{"b":"x"}]}',
                '{"a":[{"b":"y"},{"b":"x"}]}',
                '{"a":[[{"b":"x"}]]}',
                '{"a":[{"b":["y","x"]}]}',
                '{"a":[1,{"b":"x"}]}',
            ],
            ['{"a":[]}', '{"a":["x"]}', '{"a":[{"c":"x"}]}', '{"a":[[],{}]}'],
        ),
    },
    "fields under one array must hold in the same element": {
        '{"d":{"a":[1],"b":[2]}}': (
            [
                '{"d":[{"a":1,"b":2}]}',
                '{"d":[{"a":1},{"b":2},{"a":1,"b":2}]}',
                '{"d":{"a":1,"b":2}}',
                '{"d":[[{"a":1,"b":2}]]}',
                '{"d":{"a":[0,1],"b":[3,2]}}',
            ],
            [
                '{"d":[{"a":1},{"b":2}]}',
                '{"d":[{"a":1,"b":3},{"a":0,"b":2}]}',
                '{"d":[[{"a":1}],[{"b":2}]]}',
                '{"d":[[{"a":1},{"b":2}]]}',
                '{"d":[{"a":1}]}',
            ],
        ),
        '{"d":{"a":[1],"e":{"b":[2]}}}': (
            ['{"d":[{"a":1,"e":{"b":2}}]}', '{"d":[{"a":1,"e":[{"b":0},{"b":2}]}]}'],
            ['{"d":[{"a":1},{"e":{"b":2}}]}', '{"d":[{"a":1,"e":[{"b":0}]},{"e":[{"b":2}]}]}'],
        ),
        '{"u":{"t":{"k":["x"],"v":["y"]}}}': (
            ['{"u":[{"t":[{"k":"x","v":"y"}]}]}', '{"u":[{"t":[]},{"t":[{"k":"z"},{"k":"x","v":"y"}]}]}'],
            ['{"u":[{"t":[{"k":"x"},{"v":"y"}]}]}', '{"u":[{"t":[{"k":"x"}]},{"t":[{"v":"y"}]}]}'],
        ),
        '{"x":{"a":[1]},"y":{"b":[2]}}': (
            ['{"x":[{"a":0},{"a":1}],"y":[{"b":2},{"b":0}]}', '{"x":[{"a":1}],"y":{"b":2}}'],
            ['{"x":[{"a":1}],"y":[{"b":0}]}'],
        ),
        '{"d":{"a":[1],"b":[2]},"v":["z"]}': (
            ['{"d":[{"a":1,"b":2}],"v":"z"}'],
            ['{"d":[{"a":1},{"b":2}],"v":"z"}'],
        ),
        '{"d":{"a":[{"anything-but":"x"}],"b":[{"exists":true}]}}': (
            ['{"d":[{"a":"x","b":1},{"a":"y","b":2}]}'],
            ['{"d":[{"a":"x","b":1},{"a":"y"}]}'],
        ),
        '{"d":{"a":[{"prefix":"al"}],"b":[{"numeric":[">",1]}]}}': (
            ['{"d":[{"a":"al","b":2}]}'],
            ['{"d":[{"a":"al","b":1},{"a":"x","b":2}]}'],
        ),
        '{"d":{"e":{"a":[1],"b":[2]}}}': (
            ['{"d":[{"e":{"a":1,"b":2}}]}'],
            ['{"d":[{"e":{"a":1}},{"e":{"b":2}}]}', '{"d":{"e":[{"a":1},{"b":2}]}}'],
        ),
        '{"d":{"a":[1],"$or":[{"b":[2]},{"c":[3]}]}}': (
            ['{"d":[{"a":1,"b":2}]}', '{"d":[{"a":0,"b":2},{"a":1,"c":3}]}'],
            ['{"d":[{"a":1},{"b":2}]}', '{"d":[{"a":1},{"b":2},{"c":3}]}', '{"d":[{"a":1,"b":3}]}'],
        ),
        '{"$or":[{"d":{"a":[1],"b":[2]}},{"d":{"c":[3]}}]}': (
            ['{"d":[{"a":1,"b":2}]}', '{"d":[{"a":1},{"c":3}]}'],
            ['{"d":[{"a":1},{"b":2}]}'],
        ),
        '{"d":{"a":[1]},"$or":[{"d":{"b":[2]}},{"d":{"c":[3]}}]}': (
            ['{"d":[{"a":1,"c":3}]}'],
            ['{"d":[{"a":1},{"b":2,"c":3}]}'],
        ),
    },
    "exists:false under an array is decided in the order of the paths": {
        '{"d":{"a":[1],"b":[{"exists":false}]}}': (
            ['{"d":[{"a":1}]}', '{"d":[{"a":1},{"b":2}]}', '{"d":[{"a":1,"b":2},{"a":1}]}', '{"d":{"a":1}}'],
            [
                '{"d":[{"a":1,"b":2}]}',
                '{"d":[{"a":0},{"b":2}]}',
                '{"d":{"a":1,"b":2}}',
                '{"d":[{"a":1,"b":[2]}]}',
            ],
        ),
        '{"d":{"a":[{"exists":false}],"b":[1]}}': (
            ['{"d":[{"b":1}]}', '{"d":{"b":1}}', '{"d":[{"c":1},{"b":1}]}'],
            ['{"d":[{"a":1},{"b":1}]}', '{"d":[{"a":1,"b":1}]}'],
        ),
        '{"d":{"a":[{"exists":false}]}}': (['{"d":[{"b":1}]}', '{"d":[]}'], ['{"d":[{"b":1},{"a":1}]}']),
        '{"d":{"a":[{"exists":true}],"b":[{"exists":false}]}}': (
            ['{"d":[{"a":1}]}', '{"d":[{"a":1,"b":2},{"a":3}]}'],
            ['{"d":[{"a":1,"b":2}]}', '{"d":[{"b":1}]}', '{"d":[]}'],
        ),
    },
    "$or, at any depth, is ANDed with what stands beside it": {
        '{"$or":[{"a":[1]},{"b":[2]}]}': (['{"a":1}', '{"b":2}', '{"a":1,"b":2}'], ["{}", '{"a":2,"b":1}']),
        '{"s":["x"],"$or":[{"a":[1]},{"b":[2]}]}': (
            ['{"s":"x","b":2}'],
            ['{"s":"x"}', '{"b":2}', '{"s":"y","a":1}'],
        ),
        '{"$or":[{"a":[1]},{"b":[2]}],"s":["x"]}': (['{"s":"x","a":1}'], ['{"a":1}', '{"s":"x"}']),
        '{"d":{"$or":[{"a":[1]},{"b":[2]}]}}': (
            ['{"d":{"a":1}}', '{"d":{"b":2}}'],
            ['{"a":1}', '{"d":{}}', "{}"],
        ),
        '{"$or":[{"a":[1],"b":[2]},{"c":[3]}]}': (['{"a":1,"b":2}', '{"c":3}'], ['{"a":1}', '{"b":2}']),
        '{"$or":[{"a":[1],"$or":[{"b":[2]},{"c":[3]}]},{"d":[4]}]}': (
            ['{"a":1,"b":2}', '{"a":1,"c":3}', '{"d":4}'],
            ['{"a":1}', '{"b":2}', '{"b":2,"c":3}'],
        ),
        '{"$or":[{"a":[1]},{"b":[2]}],"d":{"$or":[{"x":[1]},{"y":[2]}]}}': (
            ['{"a":1,"d":{"y":2}}', '{"b":2,"d":{"x":1}}'],
            ['{"a":1}', '{"d":{"x":1}}', '{"a":1,"d":{}}'],
        ),
        '{"$or":[{"a":[{"exists":false}]},{"b":[{"prefix":"x"}]}]}': (
            ["{}", '{"b":"xy"}', '{"a":1,"b":"x"}', '{"a":{"c":1}}'],
            ['{"a":1}', '{"a":1,"b":"y"}'],
        ),
        '{"$or":[{"a":["x",{"anything-but":"y"}]},{"a":[{"exists":false}]}]}': (
            ['{"a":"x"}', "{}"],
            ['{"a":"y"}'],
        ),
        '{"$or":[{"d":{"a":[1]}},{"d":{"b":[2]}},{"e":[3]}]}': (
            ['{"e":3}', '{"d":{"b":2}}'],
            ['{"d":{"e":3}}'],
        ),
        '{"$or":[{"a":[1]},{"a":[2]}]}': (['{"a":1}', '{"a":2}', '{"a":[2]}'], ['{"a":3}']),
        '{"$or":[{"a.b":[1]},{"c":[2]}]}': (['{"a":{"b":1}}', '{"a.b":1}', '{"c":2}'], ['{"a":1}']),
    },
    "$or that is no operator is a field like any other": {
        '{"$or":{"a":["x"]}}': (['{"$or":{"a":"x"}}'], ['{"a":"x"}', "{}"]),
        '{"$or":["x","y"]}': (['{"$or":"x"}', '{"$or":["y"]}'], ['{"$or":"z"}', "{}"]),
        '{"$or":[{"prefix":"x"},{"numeric":[">",1]}]}': (
            ['{"$or":"xy"}', '{"$or":2}'],
            ['{"$or":"y"}', "{}"],
        ),
        '{"$or":[{"prefix":"x"}]}': (['{"$or":"x"}'], ["{}"]),
    },
    "a path that comes again: the later conditions replace the earlier": {
        '{"a":["x"],"a":["y"]}': (['{"a":"y"}'], ['{"a":"x"}']),
        '{"a":{"b":["x"]},"a":{"c":["y"]}}': (
            ['{"a":{"b":"x","c":"y"}}'],
            ['{"a":{"c":"y"}}', '{"a":{"b":"x"}}'],
        ),
        '{"a":{"b":["x"]},"a.b":["y"]}': (['{"a":{"b":"y"}}'], ['{"a":{"b":"x"}}']),
        '{"a":["1"],"$or":[{"a":["2"]},{"b":["3"]}]}': (
            ['{"a":"2"}', '{"a":"1","b":"3"}'],
            ['{"a":"1"}', '{"b":"3"}'],
        ),
        '{"$or":[{"a":["2"]},{"b":["3"]}],"a":["1"]}': (['{"a":"1"}', '{"a":"1","b":"3"}'], ['{"a":"2"}']),
        '{"a":["x"],"a":{"b":["y"]}}': (['{"a":["x",{"b":"y"}]}'], ['{"a":"x"}', '{"a":{"b":"y"}}']),
    },
    "dots join keys, in patterns and in records": {
        '{"a.b":["x"]}': (
            ['{"a.b":"x"}', '{"a":{"b":"x"}}', '{"a":[{"b":"x"}]}', '{"a.b":["x"]}'],
            ['{"a":{"b":"y"}}', '{"a":"x"}', '{"b":"x"}', '{"a.b":{"c":"x"}}'],
        ),
        '{"a":{"b":["x"]}}': (
            ['{"a.b":"x"}', '{"a":{"b":"x"}}', '{"a":1,"a.b":"x"}'],
            ['{"a.c":"x"}', '{"a.b.c":"x"}'],
        ),
        '{"a":{"b.c":["x"]}}': (
            ['{"a":{"b.c":"x"}}', '{"a":{"b":{"c":"x"}}}', '{"a.b":{"c":"x"}}', '{"a.b.c":"x"}'],
            ['{"a":{"b":"x"}}', '{"a":{"c":"x"}}', '{"a":{"b.c":{"c":"x"}}}'],
        ),
        '{"a":{"b.c":{"c":["x"]}}}': (['{"a":{"b":{"c":{"c":"x"}}}}'], ['{"a":{"b":{"c":"x"}}}']),
        '{"a.b":[{"exists":false}]}': (
            ['{"a":1}', '{"a":{}}', "{}", '{"a.b":{}}'],
            ['{"a":{"b":1}}', '{"a.b":1}'],
        ),
        '{"a":{"b":[{"exists":false}]}}': (['{"a.c":1}'], ['{"a.b":1}', '{"a":{},"a.b":1}']),
        '{"a":{"b":["x"],"c":["y"]}}': (['{"a.b":"x","a":{"c":"y"}}'], ['{"a.b":"x"}']),
        '{"a":{"b":["x"]},"s":["z"]}': (['{"a.b":["x"],"s":"z"}'], ['{"a.b":["y"],"s":"z"}']),
        '{"a":{"b":["x"]}} ': (
            ['{"a":{"b":"y"},"a.b":"x"}', '{"a":{"b":"x"},"a.b":"y"}'],
            ['{"a":{"b":"y"},"a.b":"y"}'],
        ),
    },
    "DynamoDB's records": {
        '{"eventName":["INSERT"]}': (
            ['{"eventName":"INSERT","dynamodb":{}}'],
            ['{"eventName":"MODIFY"}', '{"eventName":"REMOVE"}', '{"eventName":"insert"}', "{}"],
        ),
        '{"dynamodb":{"NewImage":{"n":{"N":["101"]}}}}': (
            ['{"dynamodb":{"NewImage":{"n":{"N":"101"}}}}'],
            ['{"dynamodb":{"NewImage":{"n":{"N":"101.0"}}}}', '{"dynamodb":{"NewImage":{"n":{"N":101}}}}'],
        ),
        '{"dynamodb":{"NewImage":{"n":{"N":[101]}}}}': ([], ['{"dynamodb":{"NewImage":{"n":{"N":"101"}}}}']),
        '{"dynamodb":{"NewImage":{"n":{"N":[{"numeric":["=",101]}]}}}}': (
            [],
            ['{"dynamodb":{"NewImage":{"n":{"N":"101"}}}}'],
        ),
        '{"dynamodb":{"NewImage":{"n":["101"]}}}': ([], ['{"dynamodb":{"NewImage":{"n":{"N":"101"}}}}']),
        '{"dynamodb":{"NewImage":{"f":{"BOOL":[true]}}}}': (
            ['{"dynamodb":{"NewImage":{"f":{"BOOL":true}}}}'],
            [
                '{"dynamodb":{"NewImage":{"f":{"BOOL":false}}}}',
                '{"dynamodb":{"NewImage":{"f":{"S":"true"}}}}',
            ],
        ),
        '{"dynamodb":{"NewImage":{"f":{"NULL":[true]}}}}': (
            ['{"dynamodb":{"NewImage":{"f":{"NULL":true}}}}'],
            [],
        ),
        '{"dynamodb":{"NewImage":{"t":{"SS":["red"]}}}}': (
            ['{"dynamodb":{"NewImage":{"t":{"SS":["blue","red"]}}}}'],
            ['{"dynamodb":{"NewImage":{"t":{"SS":["blue"]}}}}'],
        ),
        '{"dynamodb":{"NewImage":{"t":{"NS":["1"]}}}}': (
            ['{"dynamodb":{"NewImage":{"t":{"NS":["2","1"]}}}}'],
            [],
        ),
        '{"dynamodb":{"NewImage":{"l":{"L":{"S":["x"]}}}}}': (
            ['{"dynamodb":{"NewImage":{"l":{"L":[{"N":"1"},{"S":"x"}]}}}}'],
            ['{"dynamodb":{"NewImage":{"l":{"L":[{"S":"y"}]}}}}', '{"dynamodb":{"NewImage":{"l":{"L":[]}}}}'],
        ),
        '{"dynamodb":{"NewImage":{"l":{"L":{"M":{"a":{"S":["x"]},"b":{"N":["1"]}}}}}}}': (
            ['{"dynamodb":{"NewImage":{"l":{"L":[{"M":{"a":{"S":"x"},"b":{"N":"1"}}}]}}}}'],
            ['{"dynamodb":{"NewImage":{"l":{"L":[{"M":{"a":{"S":"x"}}},{"M":{"b":{"N":"1"}}}]}}}}'],
        ),
        '{"dynamodb":{"NewImage":{"m":{"M":{"k":{"S":["x"]}}}}}}': (
            ['{"dynamodb":{"NewImage":{"m":{"M":{"k":{"S":"x"}}}}}}'],
            ['{"dynamodb":{"NewImage":{"m":{"k":{"S":"x"}}}}}'],
        ),
        '{"dynamodb":{"NewImage":{"a.b":{"S":["x"]}}}}': (
            ['{"dynamodb":{"NewImage":{"a.b":{"S":"x"}}}}'],
            [],
        ),
        '{"dynamodb":{"OldImage":[{"exists":false}]}}': (
            ['{"dynamodb":{"OldImage":{"a":{"S":"x"}}}}', '{"dynamodb":{}}'],
            [],
        ),
        '{"dynamodb":{"OldImage":[{"exists":true}]}}': ([], ['{"dynamodb":{"OldImage":{"a":{"S":"x"}}}}']),
        '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"}]}}}}': (
            ['{"dynamodb":{"Keys":{"pk":{"S":"ORDER#1"}}}}'],
            ['{"dynamodb":{"Keys":{"pk":{"S":"order#1"}}}}', '{"dynamodb":{"Keys":{"pk":{"N":"1"}}}}'],
        ),
        '{"userIdentity":{"type":["Service"],"principalId":["dynamodb.amazonaws.com"]}}': (
            ['{"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}}'],
            ['{"eventName":"REMOVE"}', '{"userIdentity":null}'],
        ),
    },
}

FLAT = [
    pytest.param(
        pattern, record, expected, id=f"{title} · {pattern} · {'✓' if expected else '✗'} {record[:60]}"
    )
    for title, patterns in CASES.items()
    for pattern, (matching, others) in patterns.items()
    for expected, records in ((True, matching), (False, others))
    for record in records
]


@pytest.mark.parametrize(("pattern", "record", "expected"), FLAT)
def test_the_language_case_by_case(pattern: str, record: str, expected: bool) -> None:
    assert compile_pattern(pattern).matches(json.loads(record)) is expected


@pytest.mark.parametrize(("pattern", "record", "expected"), FLAT)
def test_a_pattern_given_as_parsed_json_means_the_same(pattern: str, record: str, expected: bool) -> None:
    pairs: list[tuple[str, Any]] = json.loads(pattern, object_pairs_hook=list)
    if len(dict(pairs)) < len(pairs) or "e400" in pattern or "e-400" in pattern or "e999999999" in pattern:
        return  # a dict holds no repeated key, and a float no 1e400
    parsed = json.loads(pattern)
    assert compile_pattern(parsed).matches(json.loads(record)) is expected


def test_there_are_enough_cases() -> None:
    assert len(FLAT) >= 300


RECORD: dict[Any, Any] = {"a": {"b": "x"}, "n": 300, "l": [{"s": "y"}]}


@pytest.mark.parametrize(
    "record",
    [
        MappingProxyType(RECORD),
        OrderedDict(RECORD),
        {**RECORD, "a": MappingProxyType({"b": "x"})},
        {**RECORD, "n": Decimal("3E+2"), "l": ({"s": "y"},)},
        {**RECORD, 1: "an odd key", None: "another"},
    ],
)
def test_other_mappings_tuples_and_decimals_are_json_too(record: Any) -> None:
    pattern = {"a": {"b": ["x"]}, "n": [{"numeric": [">=", 300]}], "l": {"s": ["y"]}}
    assert compile_pattern(pattern).matches(record) is True


@pytest.mark.parametrize(
    "record", [None, 1, "eventName", b"x", [], [{"eventName": "INSERT"}], object(), {1: 2}, float("nan")]
)
def test_what_is_no_object_matches_nothing_and_raises_nothing(record: Any) -> None:
    assert compile_pattern({"eventName": ["INSERT"]}).matches(record) is False
    assert compile_pattern({"a": {"b": [{"prefix": "x"}]}}).matches(record) is False


@pytest.mark.parametrize(
    "leaf", [float("nan"), float("inf"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")]
)
def test_a_number_that_json_lacks_is_in_no_range_and_equals_none(leaf: Any) -> None:
    for conditions in (
        [{"numeric": [">", 0]}],
        [{"numeric": ["<", 0]}],
        [0, 1e22],
        [{"numeric": ["=", 1e23]}],
    ):
        assert compile_pattern({"a": conditions}).matches({"a": leaf}) is False
    assert compile_pattern({"a": [{"anything-but": [1, 2]}]}).matches({"a": leaf}) is True


@pytest.mark.nightly
def test_a_record_nested_beyond_any_stack_is_judged() -> None:
    deep: Any = "x"
    for _ in range(20_000):
        deep = [deep]
    assert compile_pattern({"a": ["x"]}).matches({"a": deep}) is True
    assert compile_pattern({"a": ["y"]}).matches({"a": deep}) is False


def test_large_arrays_take_linear_work() -> None:
    elements = [{"a": 1, "b": 0}, {"a": 0, "b": 2}] * 5_000
    others = [{"c": 0}] * 5_000
    pattern = compile_pattern({"d": {"a": [1], "b": [2]}, "e": {"c": [0]}, "f": {"c": [0]}})
    assert pattern.matches({"d": elements, "e": others, "f": others}) is False
    assert pattern.matches({"d": [*elements, {"a": 1, "b": 2}], "e": others, "f": others}) is True


def test_a_hostile_wildcard_stays_fast() -> None:
    matcher = compile_pattern({"a": [{"wildcard": "*a" * 30 + "*b"}]})
    assert matcher.matches({"a": "a" * 50_000}) is False
    assert matcher.matches({"a": "a" * 50_000 + "b"}) is True


def test_text_of_the_pattern_never_becomes_code() -> None:
    hostile = '"]) or __import__("os").abort() #{v}'
    matcher = compile_pattern(
        {hostile: {hostile: [hostile, {"prefix": "{v}x"}], "{v}": [{"anything-but": "{v}"}]}}
    )
    assert matcher.matches({hostile: {hostile: hostile, "{v}": "y"}}) is True
    assert matcher.matches({hostile: {hostile: "{v}xy", "{v}": "{v}"}}) is False


@pytest.mark.parametrize("depth", [60, 240])
def test_a_deep_pattern_still_compiles(depth: int) -> None:
    pattern, record = '["x"]', '"x"'
    for _ in range(depth):
        pattern, record = f'{{"k":{pattern}}}', f'{{"k":{record}}}'
    assert compile_pattern(pattern).matches(json.loads(record)) is True


def test_a_wide_pattern_still_compiles() -> None:
    pattern = {f"k{number}": [f"v{number}", {"prefix": "x"}] for number in range(2_000)}
    record = {f"k{number}": f"v{number}" for number in range(2_000)}
    assert compile_pattern(pattern).matches(record) is True
    assert compile_pattern(pattern).matches({**record, "k7": "y"}) is False


def test_nested_alternatives_up_to_a_hundred_deep_compile() -> None:
    pattern: dict[str, Any] = {"a": ["x"]}
    for number in range(100):
        pattern = {"$or": [pattern, {f"b{number}": ["y"]}]}
    assert compile_pattern(pattern).matches({"a": "x"}) is True
    assert compile_pattern(pattern).matches({"b3": "y"}) is True
    assert compile_pattern(pattern).matches({"b3": "x"}) is False


def test_one_matcher_serves_many_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    matcher = compile_pattern({"d": {"a": [1], "b": [2]}})
    records = [{"d": [{"a": 1, "b": number % 3}]} for number in range(3_000)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(matcher.matches, records)) == [number % 3 == 2 for number in range(3_000)]
