"""What a harvest does, stage by stage: samples, chains of revisions, rewards, searches."""
