"""Which of a plan's objects an approver should look at: those that are lost for good and most likely missed, first."""
