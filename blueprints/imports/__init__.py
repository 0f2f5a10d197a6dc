"""One mechanism for every file that comes in: read, check, take, problems, history. Tables: Import, ImportProblem, StagedRow."""
