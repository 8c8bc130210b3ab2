package player

// returnReselect leaves it to the next choice by bandwidth to go back to a level;
// to a pathway it goes back at once.
type returnReselect struct{}

func (*returnReselect) notices() bool { return true }

func (*returnReselect) ended(*Player) {}
