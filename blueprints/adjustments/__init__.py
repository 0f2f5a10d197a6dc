"""What officers pay or take back by hand (rule 7.4). Tables: ManualAdjustment."""
