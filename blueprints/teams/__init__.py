"""The authority's teams, to which conversations and queues are given. Tables: Team, TeamMember."""
