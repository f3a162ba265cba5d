"""What a reader does with runs afterwards. Tools read a run's folder, and never a listing."""
