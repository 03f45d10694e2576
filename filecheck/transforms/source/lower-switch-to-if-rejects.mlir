// RUN: tapeflow-opt %s -p lower-switch-to-if --split-input-file --verify-diagnostics | filecheck %s

func.func @many(%k: index) {
  scf.index_switch %k
  case 0 { scf.yield }
  case 1 { scf.yield }
  case 2 { scf.yield }
  case 3 { scf.yield }
  case 4 { scf.yield }
  case 5 { scf.yield }
  case 6 { scf.yield }
  case 7 { scf.yield }
  case 8 { scf.yield }
  case 9 { scf.yield }
  case 10 { scf.yield }
  case 11 { scf.yield }
  case 12 { scf.yield }
  case 13 { scf.yield }
  case 14 { scf.yield }
  case 15 { scf.yield }
  case 16 { scf.yield }
  case 17 { scf.yield }
  case 18 { scf.yield }
  case 19 { scf.yield }
  case 20 { scf.yield }
  case 21 { scf.yield }
  case 22 { scf.yield }
  case 23 { scf.yield }
  case 24 { scf.yield }
  case 25 { scf.yield }
  case 26 { scf.yield }
  case 27 { scf.yield }
  case 28 { scf.yield }
  case 29 { scf.yield }
  case 30 { scf.yield }
  case 31 { scf.yield }
  case 32 { scf.yield }
  case 33 { scf.yield }
  case 34 { scf.yield }
  case 35 { scf.yield }
  case 36 { scf.yield }
  case 37 { scf.yield }
  case 38 { scf.yield }
  case 39 { scf.yield }
  case 40 { scf.yield }
  case 41 { scf.yield }
  case 42 { scf.yield }
  case 43 { scf.yield }
  case 44 { scf.yield }
  case 45 { scf.yield }
  case 46 { scf.yield }
  case 47 { scf.yield }
  case 48 { scf.yield }
  case 49 { scf.yield }
  case 50 { scf.yield }
  case 51 { scf.yield }
  case 52 { scf.yield }
  case 53 { scf.yield }
  case 54 { scf.yield }
  case 55 { scf.yield }
  case 56 { scf.yield }
  case 57 { scf.yield }
  case 58 { scf.yield }
  case 59 { scf.yield }
  case 60 { scf.yield }
  case 61 { scf.yield }
  case 62 { scf.yield }
  case 63 { scf.yield }
  case 64 { scf.yield }
  default { scf.yield }
  func.return
}
// CHECK: a switch of 65 cases, more than 64; store what they differ in in a table
