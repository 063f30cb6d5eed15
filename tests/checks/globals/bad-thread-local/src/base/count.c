_Thread_local int p2p__last;
