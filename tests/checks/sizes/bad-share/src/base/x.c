int f(int a) {
  a += 0;
  a += 1;
  a += 2;
  a += 3;
  a += 4;
  a += 5;
  a += 6;
  a += 7;
  a += 8;
  a += 9;
  a += 10;
  a += 11;
  a += 12;
  a += 13;
  a += 14;
  a += 15;
  a += 16;
  a += 17;
  a += 18;
  a += 19;
  a += 20;
  a += 21;
  a += 22;
  a += 23;
  a += 24;
  a += 25;
  a += 26;
  a += 27;
  a += 28;
  a += 29;
  a += 30;
  a += 31;
  a += 32;
  a += 33;
  a += 34;
  a += 35;
  a += 36;
  a += 37;
  a += 38;
  a += 39;
  a += 40;
  a += 41;
  a += 42;
  a += 43;
  a += 44;
  a += 45;
  a += 46;
  a += 47;
  a += 48;
  a += 49;
  a += 50;
  a += 51;
  a += 52;
  a += 53;
  a += 54;
  a += 55;
  a += 56;
  a += 57;
  a += 58;
  a += 59;
  a += 60;
  a += 61;
  a += 62;
  a += 63;
  a += 64;
  a += 65;
  a += 66;
  a += 67;
  a += 68;
  a += 69;
  a += 70;
  a += 71;
  a += 72;
  a += 73;
  a += 74;
  a += 75;
  a += 76;
  a += 77;
  a += 78;
  a += 79;
  a += 80;
  a += 81;
  a += 82;
  a += 83;
  a += 84;
  a += 85;
  a += 86;
  a += 87;
  a += 88;
  a += 89;
  a += 90;
  a += 91;
  a += 92;
  a += 93;
  a += 94;
  a += 95;
  a += 96;
  a += 97;
  a += 98;
  a += 99;
  a += 100;
  a += 101;
  a += 102;
  return a;
}
int g0(void) { return 0; }
int g1(void) { return 1; }
int g2(void) { return 2; }
int g3(void) { return 3; }
int g4(void) { return 4; }
int g5(void) { return 5; }
int g6(void) { return 6; }
int g7(void) { return 7; }
int g8(void) { return 8; }
int g9(void) { return 9; }
int g10(void) { return 10; }
int g11(void) { return 11; }
int g12(void) { return 12; }
int g13(void) { return 13; }
int g14(void) { return 14; }
int g15(void) { return 15; }
int g16(void) { return 16; }
int g17(void) { return 17; }
int g18(void) { return 18; }
int g19(void) { return 19; }
int g20(void) { return 20; }
int g21(void) { return 21; }
int g22(void) { return 22; }
int g23(void) { return 23; }
int g24(void) { return 24; }
int g25(void) { return 25; }
int g26(void) { return 26; }
int g27(void) { return 27; }
int g28(void) { return 28; }
int g29(void) { return 29; }
int g30(void) { return 30; }
int g31(void) { return 31; }
int g32(void) { return 32; }
int g33(void) { return 33; }
int g34(void) { return 34; }
int g35(void) { return 35; }
int g36(void) { return 36; }
int g37(void) { return 37; }
int g38(void) { return 38; }
int g39(void) { return 39; }
int g40(void) { return 40; }
int g41(void) { return 41; }
int g42(void) { return 42; }
int g43(void) { return 43; }
int g44(void) { return 44; }
int g45(void) { return 45; }
int g46(void) { return 46; }
int g47(void) { return 47; }
int g48(void) { return 48; }
int g49(void) { return 49; }
int g50(void) { return 50; }
int g51(void) { return 51; }
int g52(void) { return 52; }
int g53(void) { return 53; }
int g54(void) { return 54; }
int g55(void) { return 55; }
int g56(void) { return 56; }
int g57(void) { return 57; }
int g58(void) { return 58; }
int g59(void) { return 59; }
int g60(void) { return 60; }
int g61(void) { return 61; }
int g62(void) { return 62; }
int g63(void) { return 63; }
int g64(void) { return 64; }
int g65(void) { return 65; }
int g66(void) { return 66; }
int g67(void) { return 67; }
int g68(void) { return 68; }
int g69(void) { return 69; }
int g70(void) { return 70; }
int g71(void) { return 71; }
int g72(void) { return 72; }
int g73(void) { return 73; }
int g74(void) { return 74; }
int g75(void) { return 75; }
int g76(void) { return 76; }
int g77(void) { return 77; }
int g78(void) { return 78; }
int g79(void) { return 79; }
int g80(void) { return 80; }
int g81(void) { return 81; }
int g82(void) { return 82; }
int g83(void) { return 83; }
int g84(void) { return 84; }
int g85(void) { return 85; }
int g86(void) { return 86; }
int g87(void) { return 87; }
int g88(void) { return 88; }
int g89(void) { return 89; }
